"""Holds the refusals of reports."""

from finance.refusals.fields import NamedFieldRefusal


class RangeTooLong(NamedFieldRefusal):
    """The range has more days, weeks or months than a report shows."""

    code = "range_too_long"
    status = 422
    title_en = "Range too long"
    title_ru = "Слишком длинный период"
    detail_en = "Of this range {most} figures at most are shown: shorten it, or choose longer “by”."
    detail_ru = (
        "За такой период показывается не более {most} значений: сократите его или укрупните «by»."
    )
    field = "query/to"
