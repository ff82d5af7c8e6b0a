"""Turkish: subject-object-verb, no gender, suffixes for case and negation."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | Anna
maria | Maria
sara | Sara
omar | Ömer
ivan | İvan
peter | Peter
woman | kadın
man | adam
girl | kız
boy | oğlan
child | çocuk
person | kişi
doctor | doktor
physician | hekim
teacher | öğretmen
student | öğrenci
dog | köpek
cat | kedi
bird | kuş
animal | hayvan
""")
# concept | definite accusative | gender (none) | bare form, as after numerals
_OBJECTS = parse_table("""
apple | elmayı | | elma
banana | muzu | | muz
fruit | meyveyi
bread | ekmeği
food | yemeği
water | suyu
milk | sütü
tea | çayı
drink | içeceği
book | kitabı | | kitap
newspaper | gazeteyi | | gazete
letter | mektubu | | mektup
text | metni
door | kapıyı
box | kutuyu | | kutu
car | arabayı | | araba
bicycle | bisikleti | | bisiklet
vehicle | taşıtı
ball | topu | | top
key | anahtarı | | anahtar
hat | şapkayı | | şapka
""")
_QUALITIES = parse_table("""
big | büyük
small | küçük
old | yaşlı
young | genç
happy | mutlu
sad | üzgün
red | kırmızı
green | yeşil
white | beyaz
black | siyah
""")
# concept | affirmative | negative
_VERBS = parse_table("""
sleep | uyuyor | uyumuyor
rest | dinleniyor | dinlenmiyor
run | koşuyor | koşmuyor
sit | oturuyor | oturmuyor
stand | ayakta duruyor | ayakta durmuyor
work | çalışıyor | çalışmıyor
laugh | gülüyor | gülmüyor
cry | ağlıyor | ağlamıyor
speak | konuşuyor | konuşmuyor
whisper | fısıldıyor | fısıldamıyor
be_silent | susuyor | susmuyor
eat | yiyor | yemiyor
drink | içiyor | içmiyor
read | okuyor | okumuyor
write | yazıyor | yazmıyor
buy | satın alıyor | satın almıyor
sell | satıyor | satmıyor
open | açıyor | açmıyor
close | kapatıyor | kapatmıyor
find | buluyor | bulmuyor
lose | kaybediyor | kaybetmiyor
""")
_PHRASES = parse_table("""
house | evde
kitchen | mutfakta
bedroom | yatak odasında
school | okulda
classroom | sınıfta
outside | dışarıda
garden | bahçede
forest | ormanda
street | sokakta
hospital | hastanede
shop | dükkânda
morning | sabahleyin
noon | öğleyin
evening | akşamleyin
night | geceleyin
rain | yağmur yüzünden
heat | sıcak yüzünden
""")

LANGUAGE = Language(
    code="tr",
    order="agent reason time place object verb",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="biri",
    nobody="kimse",
    nobody_negates=True,
    negative_forms=True,
    numerals={"2": "iki", "3": "üç"},
)
