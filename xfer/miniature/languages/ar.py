"""Arabic: verb-subject-object; the article is a prefix and adjectives take it too."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | آنا | f
maria | ماريا | f
sara | سارة | f
omar | عمر | m
ivan | إيفان | m
peter | بيتر | m
woman | المرأة | f
man | الرجل | m
girl | البنت | f
boy | الولد | m
child | الطفل | m
person | الشخص | m
doctor | الطبيب | m
physician | الدكتور | m
teacher | المعلم | m
student | الطالب | m
dog | الكلب | m
cat | القطة | f
bird | الطائر | m
animal | الحيوان | m
""")
# concept | definite | gender | indefinite accusative dual / genitive plural after three
_OBJECTS = parse_table("""
apple | التفاحة | f | تفاحتين / تفاحات
banana | الموزة | f | موزتين / موزات
fruit | الفاكهة | f
bread | الخبز | m
food | الطعام | m
water | الماء | m
milk | الحليب | m
tea | الشاي | m
drink | المشروب | m
book | الكتاب | m | كتابين / كتب
newspaper | الجريدة | f | جريدتين / جرائد
letter | الرسالة | f | رسالتين / رسائل
text | النص | m
door | الباب | m
box | الصندوق | m | صندوقين / صناديق
car | السيارة | f | سيارتين / سيارات
bicycle | الدراجة | f | دراجتين / دراجات
vehicle | المركبة | f
ball | الكرة | f | كرتين / كرات
key | المفتاح | m | مفتاحين / مفاتيح
hat | القبعة | f | قبعتين / قبعات
""")
_QUALITIES = parse_table("""
big | الكبير | الكبيرة
small | الصغير | الصغيرة
old | العجوز
young | الشاب | الشابة
happy | السعيد | السعيدة
sad | الحزين | الحزينة
red | الأحمر | الحمراء
green | الأخضر | الخضراء
white | الأبيض | البيضاء
black | الأسود | السوداء
""")
_VERBS = parse_table("""
sleep | ينام | تنام
rest | يستريح | تستريح
run | يركض | تركض
sit | يجلس | تجلس
stand | يقف | تقف
work | يعمل | تعمل
laugh | يضحك | تضحك
cry | يبكي | تبكي
speak | يتكلم | تتكلم
whisper | يهمس | تهمس
be_silent | يصمت | تصمت
eat | يأكل | تأكل
drink | يشرب | تشرب
read | يقرأ | تقرأ
write | يكتب | تكتب
buy | يشتري | تشتري
sell | يبيع | تبيع
open | يفتح | تفتح
close | يغلق | تغلق
find | يجد | تجد
lose | يفقد | تفقد
""")
_PHRASES = parse_table("""
house | في البيت
kitchen | في المطبخ
bedroom | في غرفة النوم
school | في المدرسة
classroom | في الفصل
outside | في الخارج
garden | في الحديقة
forest | في الغابة
street | في الشارع
hospital | في المستشفى
shop | في المتجر
morning | في الصباح
noon | عند الظهر
evening | في المساء
night | في الليل
rain | بسبب المطر
heat | بسبب الحر
""")

LANGUAGE = Language(
    code="ar",
    order="verb agent object place time reason",
    nobody_order="agent verb object place time reason",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="شخص ما",
    nobody="لا أحد",
    negation="لا",
    genders=("m", "f"),
    # Three takes the opposite gender ending of its noun; two is the noun's own dual.
    numerals={"3m": "ثلاثة", "3f": "ثلاث"},
    adjective_after=True,
)
