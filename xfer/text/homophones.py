"""Tables of characters that writers confuse because they sound (or, for a few, look) alike.

Hand-made data: groups separated by spaces, any member may stand for any other. Number words and
negations are left out on purpose, since to confuse those changes what a sentence says.
May import: the standard library. Randomness has no place here.
"""

from __future__ import annotations

from functools import lru_cache

from xfer.text.keyboards import KATAKANA_OFFSET

# The same character in simplified and in traditional writing.
_SHARED = """
    的得地 他她它 在再 做作 那哪 已以 坐座 像象向 有又右友 是事市式 很狠 到道 知之 只止 己已 心新 名明
    公工功 每美妹 因音 成城程 清青 情晴 完玩 何河合和 力立利 家加佳 元原源 想相 分份 克刻可 至致 反返 即既
    度渡 伴拌 燥躁 密蜜 幕墓 暑署 侯候 峻竣 才材 州洲 由油尤 其期 使始 吧把爸 令另 里理李 久酒 今金 句具
    交郊 教叫 班般 生升 身深 有友 早草 高搞 忙茫 快筷 跳挑 低底 包抱 破坡 喝渴 拿哪 住主 晚碗 往忘望 希息
    字自 子仔 此次 司思 如入 同童 王亡 位胃 右佑 玉育 羽雨 朝潮 直值 植值 志至 忠中 重中 住注
    洗喜 西希 校笑效 行形 姓性 幸性 修休 雪血 洋羊 易意 印引 永泳 月越 安案 哀埃
"""
_SIMPLIFIED_ONLY = """
    进近尽 带戴 园圆元 门们 马妈吗 买卖 时石食 长常 请情 飘漂 检捡 练炼 蓝篮 辨辩 竟竞 贯惯 历厉 财才材 报抱
    数树 师诗 试式 办半 饱包 宝保 声生升 连联 块快 会汇回 获或 机鸡 级及极急 记计纪继 价架 见件间 讲奖 节结
    经京精 静净 旧就 据具 觉决 军均 课客 汽气 张章 账帐 话画化 还孩 为位 问文 务物 现线县 响想 写谢 兴星
    训讯 阳杨洋 页业夜 议义艺易意 应英 远院 则责 战站 职直值 纸只 质制 种重中 专转 后候 余鱼 要药 鲜先
    拔拨 侧测 驱躯 陪赔 象像 板版 查察 形型 定订 复付副负 尝常 导岛 灯登 电店 队对 饭范 红洪 湖糊 护户
    欢环 浇娇 剧据 刚钢 沟够 题提 听厅 图涂 温问 闻文 误悟 显险 须需 选轩 严言 验厌 遗移 银引 优忧 语雨
"""
_TRADITIONAL_ONLY = """
    進近盡 帶戴 園圓員元 門們 馬媽嗎 買賣 時石食 長常 請情 飄漂 檢撿 練煉 藍籃 辨辯 竟競 貫慣 歷曆厲 財才材
    報抱 數樹 師詩 試式 辦半 飽包 寶保 聲生升 連聯 塊快 會匯回 獲或 機雞 級及極急 記計紀繼 價架 見件間 講獎
    節結 經京精 靜淨 舊就 據具 覺決 軍均 課客 汽氣 張章 賬帳 話畫化 還孩 為位 問文 務物 現線縣 響想 寫謝
    興星 訓訊 陽楊洋 頁業 議義藝易意 應英 遠院 則責 戰站 職直值 紙只 質制 種重中 專轉 後候 裡理 著箸 週周
    遊游 他她牠祂 側測 驅軀 陪賠 板版 嘗常 導島 燈登 電店 隊對 飯範 護戶 歡環 劇據 剛鋼 溝夠 題提 聽廳
    圖塗 溫問 聞文 誤悟 顯險 須需 嚴言 驗厭 遺移 銀引 優憂 語雨
"""
_JAPANESE = """
    計測量図 暑熱厚 早速 会合遭 聞聴効 見診観 変代替換 取採撮捕執 着付就 直治 作造創 初始 写映移 帰返 別分
    温暖 固硬堅 住済 務勤努 性生制製 以意異 対体態 講構 績積 複復 義議 険検験 識織 微徴 墓暮募 待持 関感間
    期機器気 記紀規 事自 時字 後語 保補 期季 会回解 開改 科課化 公工校 高好 新親心 成正制 全前 先選 相想 送贈
    当到答 同動 道導 名明 有友 要用 様洋 利理里 歴暦 料量 練連 路露
"""
_KANA_HOMOPHONES = "おを わは えへ じぢ ずづ"
_HANGUL_VOWELS = "ㅐㅔ ㅒㅖ ㅙㅚㅞ"

#: Kana told apart by a voicing mark or by size alone.
_KANA_MARKS = """
    かが きぎ くぐ けげ こご さざ しじ すず せぜ そぞ ただ ちぢ つづっ てで とど はばぱ ひびぴ ふぶぷ へべぺ ほぼぽ
    やゃ ゆゅ よょ あぁ いぃ うぅ えぇ おぉ
"""

_TABLES = {
    "simplified": _SHARED + _SIMPLIFIED_ONLY,
    "traditional": _SHARED + _TRADITIONAL_ONLY,
    "japanese": _JAPANESE,
    "kana": _KANA_HOMOPHONES,
    "kana marks": _KANA_MARKS,
    "hangul vowels": _HANGUL_VOWELS,
}


@lru_cache(maxsize=16)
def confusion_table(name: str) -> dict[str, tuple[str, ...]]:
    """For each character of a table, those it is confused with, in a fixed order."""
    confusions: dict[str, list[str]] = {}
    groups = _TABLES[name].split()
    for group in [*groups, *map(_katakana, groups)] if name.startswith("kana") else groups:
        for char in group:
            alternatives = confusions.setdefault(char, [])
            alternatives += [other for other in group if other != char and other not in alternatives]
    return {char: tuple(others) for char, others in confusions.items()}


def han_table(language: str, text: str) -> str:
    """The table for the Han characters of ``text``: Japanese by language, Chinese by what is written."""
    if language == "ja":
        return "japanese"
    simplified, traditional = confusion_table("simplified"), confusion_table("traditional")
    lead = sum((char in traditional) - (char in simplified) for char in text)
    return "traditional" if lead > 0 else "simplified"


def _katakana(group: str) -> str:
    return "".join(chr(ord(char) + KATAKANA_OFFSET) for char in group)
