"""Thai: subject-verb-object, classifiers, adjectives last; written as segmented words."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | แอนนา
maria | มาเรีย
sara | ซาร่า
omar | โอมาร์
ivan | อีวาน
peter | ปีเตอร์
woman | ผู้หญิง
man | ผู้ชาย
girl | เด็กหญิง
boy | เด็กชาย
child | เด็ก
person | บุคคล
doctor | หมอ
physician | แพทย์
teacher | ครู
student | นักเรียน
dog | สุนัข
cat | แมว
bird | นก
animal | สัตว์
""")
# concept | noun | gender (none) | classifier
_OBJECTS = parse_table("""
apple | แอปเปิล | | ลูก
banana | กล้วย | | ลูก
fruit | ผลไม้
bread | ขนมปัง
food | อาหาร
water | น้ำ
milk | นม
tea | ชา
drink | เครื่องดื่ม
book | หนังสือ | | เล่ม
newspaper | หนังสือพิมพ์ | | ฉบับ
letter | จดหมาย | | ฉบับ
text | ข้อความ
door | ประตู
box | กล่อง | | กล่อง
car | รถยนต์ | | คัน
bicycle | จักรยาน | | คัน
vehicle | ยานพาหนะ
ball | ลูกบอล | | ลูก
key | กุญแจ | | ดอก
hat | หมวก | | ใบ
""")
_QUALITIES = parse_table("""
big | ตัว ใหญ่
small | ตัว เล็ก
old | แก่
young | อายุ น้อย
happy | ที่ มี ความสุข
sad | ที่ เศร้า
red | สี แดง
green | สี เขียว
white | สี ขาว
black | สี ดำ
""")
_VERBS = parse_table("""
sleep | นอนหลับ
rest | พักผ่อน
run | วิ่ง
sit | นั่ง
stand | ยืน
work | ทำงาน
laugh | หัวเราะ
cry | ร้องไห้
speak | พูด
whisper | กระซิบ
be_silent | เงียบ
eat | กิน
drink | ดื่ม
read | อ่าน
write | เขียน
buy | ซื้อ
sell | ขาย
open | เปิด
close | ปิด
find | พบ
lose | ทำ
""")
_PHRASES = parse_table("""
house | ใน บ้าน
kitchen | ใน ครัว
bedroom | ใน ห้องนอน
school | ที่ โรงเรียน
classroom | ใน ห้องเรียน
outside | ข้างนอก
garden | ใน สวน
forest | ใน ป่า
street | บน ถนน
hospital | ที่ โรงพยาบาล
shop | ใน ร้านค้า
morning | ตอน เช้า
noon | ตอน เที่ยง
evening | ตอน เย็น
night | ตอน กลางคืน
rain | เพราะ ฝน
heat | เพราะ ความร้อน
""")

LANGUAGE = Language(
    code="th",
    order="agent not verb object end place time reason",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="มี คน",
    nobody="ไม่ มี ใคร",
    negation="ไม่",
    ends={"lose": "หาย"},
    numerals={"2": "สอง", "3": "สาม"},
    count_order="bare numeral noun",
    adjective_after=True,
    stop="",
)
