"""Chinese: subject, time, place, verb, object; measure words; written as segmented words."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | 安娜
maria | 玛丽亚
sara | 萨拉
omar | 奥马尔
ivan | 伊万
peter | 彼得
woman | 女人
man | 男人
girl | 女孩
boy | 男孩
child | 孩子
person | 人 | that
doctor | 医生
physician | 大夫
teacher | 老师
student | 学生
dog | 狗
cat | 猫
bird | 鸟
animal | 动物
""")
# concept | noun | gender (none) | measure word and noun
_OBJECTS = parse_table("""
apple | 苹果 | | 个 苹果
banana | 香蕉 | | 根 香蕉
fruit | 水果
bread | 面包
food | 食物
water | 水
milk | 牛奶
tea | 茶
drink | 饮料
book | 书 | | 本 书
newspaper | 报纸 | | 份 报纸
letter | 信 | | 封 信
text | 文章
door | 门
box | 盒子 | | 个 盒子
car | 汽车 | | 辆 汽车
bicycle | 自行车 | | 辆 自行车
vehicle | 车辆
ball | 球 | | 个 球
key | 钥匙 | | 把 钥匙
hat | 帽子 | | 顶 帽子
""")
_QUALITIES = parse_table("""
big | 大
small | 小
old | 年老 的
young | 年轻 的
happy | 快乐 的
sad | 悲伤 的
red | 红色 的
green | 绿色 的
white | 白色 的
black | 黑色 的
""")
_VERBS = parse_table("""
sleep | 睡觉
rest | 休息
run | 跑步
sit | 坐着
stand | 站着
work | 工作
laugh | 大笑
cry | 哭泣
speak | 说话
whisper | 低声 说话
be_silent | 沉默
eat | 吃
drink | 喝
read | 读
write | 写
buy | 买
sell | 卖
open | 打开
close | 关上
find | 找到
lose | 丢失
""")
_PHRASES = parse_table("""
house | 在 房子 里
kitchen | 在 厨房 里
bedroom | 在 卧室 里
school | 在 学校 里
classroom | 在 教室 里
outside | 在 外面
garden | 在 花园 里
forest | 在 森林 里
street | 在 街 上
hospital | 在 医院 里
shop | 在 商店 里
morning | 早上
noon | 中午
evening | 晚上
night | 夜里
rain | 因为 下雨
heat | 因为 天热
""")

LANGUAGE = Language(
    code="zh",
    order="agent reason time not place verb object",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="有 人",
    nobody="没有 人",
    negation="不",
    # Verbs with a result complement take 没.
    negations={"find": "没", "lose": "没", "close": "没"},
    # A bare 人 would be "people", so the person takes a demonstrative.
    subject_articles={"that": "那 个"},
    numerals={"2": "两", "3": "三"},
    stop="。",
)
