"""Holds the refusals to people who have as much of something as one person may."""

from kit.refusals import Refusal, TooManyRequests

# For clients that only follow Retry-After: one of the streams may have ended by then.
_LOOK_AGAIN_SECONDS = 60


class TooManyOpenPayments(Refusal):
    """The payer has as many payments that wait to be paid as one person may have."""

    code = "too_many_open_payments"
    status = 409
    title_en = "Too many open payments"
    title_ru = "Слишком много открытых платежей"
    detail_en = "So many of your payments wait to be paid that there is no room for more."
    detail_ru = "У вас слишком много неоплаченных платежей; оплатите или отмените часть из них."


class TooManyBulks(Refusal):
    """The sender has as many bulks under way as one person may have."""

    code = "too_many_bulks"
    status = 409
    title_en = "Too many bulks under way"
    title_ru = "Слишком много пакетов в работе"
    detail_en = "At most {most} bulks of one sender are worked on; wait until one of them is done."
    detail_ru = "В работе может быть не более {most} пакетов; дождитесь завершения одного из них."


class TooManyRefunds(Refusal):
    """The payment has as many refunds as one may have; failed ones do not count."""

    code = "too_many_refunds"
    status = 409
    title_en = "Too many refunds"
    title_ru = "Слишком много возвратов"
    detail_en = "One payment has at most {most} refunds; the rest of it cannot be refunded here."
    detail_ru = "У одного платежа не более {most} возвратов; остаток вернуть уже нельзя."


class TooManyServices(Refusal):
    """The owner has as many services as one person may have."""

    code = "too_many_services"
    status = 409
    title_en = "Too many services"
    title_ru = "Слишком много услуг"
    detail_en = "One owner has at most {most} services; change one of yours instead."
    detail_ru = "У одного владельца не более {most} услуг; измените одну из имеющихся."


class TooManyStreams(TooManyRequests):
    """The user has as many streams of events open as one person may have."""

    code = "too_many_streams"
    title_en = "Too many streams"
    title_ru = "Слишком много потоков событий"
    detail_en = "You have {most} streams of events open, as many as one may; close one first."
    detail_ru = "У вас открыто {most} потоков событий, больше нельзя; сначала закройте один."

    def __init__(self, *, most: int) -> None:
        super().__init__(retry_after_seconds=_LOOK_AGAIN_SECONDS)
        self.params = {**self.params, "most": most}
