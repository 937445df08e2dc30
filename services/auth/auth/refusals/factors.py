"""Holds the refusals about second factors and passkeys."""

from collections.abc import Sequence

from kit.refusals import FieldRefusal, Refusal


class OtpRequired(Refusal):
    """Asks for a second factor; with an `mfa_token` after a right password."""

    code = "otp_required"
    status = 403
    title_en = "Second factor needed"
    title_ru = "Нужен второй фактор"
    detail_en = "Give also one of what “methods” names."
    detail_ru = "Подтвердите вход ещё и одним из способов, названных в «methods»."

    def __init__(self, *, methods: Sequence[str], mfa_token: str | None = None) -> None:
        super().__init__()
        self.mfa_token = mfa_token or ""
        self.members = {"methods": list(methods)}
        if mfa_token is not None:
            self.members = {**self.members, "mfa_token": mfa_token}


class CodeWrong(Refusal):
    code = "code_wrong"
    status = 403
    title_en = "Code wrong"
    title_ru = "Неверный код"
    detail_en = "The code is wrong, too old, or has been used. Wait for the next one."
    detail_ru = "Код неверен, устарел или уже использован. Дождитесь следующего."


class MfaTokenInvalid(Refusal):
    code = "mfa_token_invalid"
    status = 401
    title_en = "Login not under way"
    title_ru = "Вход не начат"
    detail_en = "It is unknown or too old, or five answers were wrong. Log in again."
    detail_ru = "Вход неизвестен, устарел, или пять ответов были неверны. Войдите заново."


class PasskeyRefused(Refusal):
    code = "passkey_refused"
    status = 403
    title_en = "Passkey not accepted"
    title_ru = "Ключ доступа не принят"
    detail_en = "The passkey is not known here, or answered something else. Begin again."
    detail_ru = "Этот ключ доступа здесь неизвестен, или ответ не на тот запрос. Начните заново."


class PasskeyNameInvalid(FieldRefusal):
    code = "passkey_name_invalid"
    status = 422
    field = "name"
    title_en = "Name not accepted"
    title_ru = "Название не принято"
    detail_en = "A passkey's name has 1 to 64 visible characters."
    detail_ru = "Название ключа доступа — от 1 до 64 видимых знаков."


class TooManyPasskeys(Refusal):
    code = "too_many_passkeys"
    status = 409
    title_en = "Too many passkeys"
    title_ru = "Слишком много ключей доступа"
    detail_en = "You may have {limit} passkeys. Remove one first."
    detail_ru = "Ключей доступа может быть не больше {limit}. Сначала удалите один."

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=limit)


class TotpEnrolled(Refusal):
    code = "totp_enrolled"
    status = 409
    title_en = "App already set up"
    title_ru = "Приложение уже подключено"
    detail_en = "You have an authenticator app. Remove it before you set up another."
    detail_ru = "Приложение для кодов уже подключено. Удалите его, чтобы подключить другое."


class TotpNotBegun(Refusal):
    code = "totp_not_begun"
    status = 409
    title_en = "No app to confirm"
    title_ru = "Нечего подтверждать"
    detail_en = "Begin at POST /v1/auth/totp/enroll; or it is confirmed already."
    detail_ru = "Начните с POST /v1/auth/totp/enroll; или приложение уже подтверждено."


class FactorMissing(Refusal):
    code = "factor_missing"
    status = 409
    title_en = "No second factor"
    title_ru = "Нет второго фактора"
    detail_en = "There is nothing to recover from: set up an authenticator app or a passkey first."
    detail_ru = "Сначала подключите приложение для кодов или ключ доступа."
