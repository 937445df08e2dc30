"""Every "no" that notifications can say, with its stable code and its text in both languages.

Refusal
└── NoticeNotFound   404  notice_not_found
"""

from kit.refusals import Refusal


class NoticeNotFound(Refusal):
    """No such notice, or one to somebody else: nobody can tell these apart."""

    code = "notice_not_found"
    status = 404
    title_en = "Notice not found"
    title_ru = "Уведомление не найдено"
    detail_en = "There is no such notice among yours."
    detail_ru = "Среди ваших уведомлений такого нет."
