"""The public holidays of Kyrgyzstan before any decree, from the library ``holidays``."""

from collections.abc import Iterable
from importlib.metadata import version

from holidays import country_holidays

from shared.calendar.days import CalendarDay

COUNTRY = "KG"
_LANGUAGES = {"ky": "ky", "ru": "ru_KG", "en": "en_US"}


def base_days(years: Iterable[int]) -> list[CalendarDay]:
    """The public holidays of Kyrgyzstan by the library ``holidays``, and Saturdays it knows to be worked, by date.

    For 2026 these are 1-7 January, 8 and 21 March, 1-9 May, 31 August by the Labour Code, 20 March (Orozo Ait) and
    27 May (Kurman Ait). The Aits follow the moon and are announced shortly before, and days off are moved by decree
    each year, so the base is never the last word: corrections go over it (``corrected``).
    """
    wanted = sorted(set(years))
    named = {
        tag: country_holidays(COUNTRY, years=wanted, expand=False, language=language)
        for tag, language in _LANGUAGES.items()
    }
    source = f"holidays {version('holidays')}, {COUNTRY}"
    found = [
        CalendarDay(day, working=False, name={tag: names[day] for tag, names in named.items()}, source=source)
        for day in named["ky"]
    ]
    found += [CalendarDay(day, working=True, source=source) for day in named["ky"].weekend_workdays]
    return sorted((day for day in found if day.date.year in wanted), key=lambda day: day.date)
