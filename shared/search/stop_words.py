"""Words too frequent to search for, by language. Data only."""

_KYRGYZ = """
жана менен үчүн бул булар ал алар анын аны ага анда андан мунун муну буга мында мындан ошол ошондой да де дагы же бирок
деп деген эле эмес ар боюнча тууралуу жөнүндө катары чейин гана эң мен менин мага мени сен сенин сага сени сиз сиздин
сизге биз биздин бизге бар жок экен болуп болгон болот эмне кайсы ошондуктан анткени
"""
_RUSSIAN = """
и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было вот от меня еще нет о
из ему когда даже ну ли если или ни быть был него до вас уж вам ведь там потом себя ей они тут где есть надо для мы их чем
была чтоб без будто под будет тогда кто этот того потому этого какой ним здесь этом мой тем чтобы были чего при об это эта
эти этой над про между
"""
_ENGLISH = """
a an and are as at be but by for from has have if in into is it its of on or such that the their then there these they this
to was were will with which what who
"""

STOP_WORDS: dict[str, frozenset[str]] = {
    "ky": frozenset(_KYRGYZ.split()),
    "ru": frozenset(_RUSSIAN.split()),
    "en": frozenset(_ENGLISH.split()),
}
ALL_STOP_WORDS = frozenset[str]().union(*STOP_WORDS.values())
