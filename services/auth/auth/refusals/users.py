"""Holds the refusals to users, and to administrators of users."""

from kit.refusals import FieldRefusal, Refusal, TooManyRequests


class UsernameRefused(FieldRefusal):
    code = "username_invalid"
    status = 422
    field = "username"
    title_en = "Username not accepted"
    title_ru = "Имя пользователя не принято"
    detail_en = "A username has 3 to 64 visible characters, no spaces, and no “@”."
    detail_ru = "Имя пользователя — от 3 до 64 видимых знаков, без пробелов и без «@»."


class UsernameMixed(FieldRefusal):
    code = "username_mixed"
    status = 422
    field = "username"
    title_en = "Scripts mixed"
    title_ru = "Смешаны алфавиты"
    detail_en = "A username is written in one script: letters of others pass for its own."
    detail_ru = "Имя пользователя пишется буквами одного алфавита: похожие буквы легко спутать."


class UsernameReserved(FieldRefusal):
    code = "username_reserved"
    status = 422
    field = "username"
    title_en = "Username reserved"
    title_ru = "Имя пользователя занято системой"
    detail_en = "This username is kept for the house, or looks like one that is."
    detail_ru = "Это имя занято системой или неотличимо от занятого ею."


class EmailNotAscii(FieldRefusal):
    code = "email_not_ascii"
    status = 422
    field = "email"
    title_en = "E-mail address can't be reached"
    title_ru = "На этот адрес нельзя отправить письмо"
    detail_en = "Before the “@” only ASCII letters are delivered here; the domain may be any."
    detail_ru = "До «@» допустимы только латинские буквы (ASCII); домен может быть любым."


class EmailRefused(FieldRefusal):
    code = "email_invalid"
    status = 422
    field = "email"
    title_en = "E-mail address not accepted"
    title_ru = "Адрес электронной почты не принят"
    detail_en = "Write the address such as “alice@example.com”, with at most 254 characters."
    detail_ru = "Запишите адрес, например, так: «alice@example.com», не длиннее 254 знаков."


class FullNameRefused(FieldRefusal):
    code = "full_name_invalid"
    status = 422
    field = "full_name"
    title_en = "Full name not accepted"
    title_ru = "Полное имя не принято"
    detail_en = "A full name has 1 to 200 characters, without control characters."
    detail_ru = "Полное имя — от 1 до 200 знаков, без управляющих символов."


class PasswordWrongLength(FieldRefusal):
    code = "password_wrong_length"
    status = 422
    field = "password"
    title_en = "Password not accepted"
    title_ru = "Пароль не принят"
    detail_en = "A password has 8 to 256 characters."
    detail_ru = "Пароль — от 8 до 256 знаков."


class PasswordTooCommon(FieldRefusal):
    code = "password_too_common"
    status = 422
    field = "password"
    title_en = "Password too common"
    title_ru = "Слишком распространённый пароль"
    detail_en = "This password is among the first that anybody would try. Choose another one."
    detail_ru = "Этот пароль проверят одним из первых. Придумайте другой."


class NameMissing(FieldRefusal):
    code = "name_missing"
    status = 422
    field = "username"
    title_en = "Name missing"
    title_ru = "Не указано имя"
    detail_en = "Give at least one of “username” and “email”."
    detail_ru = "Укажите хотя бы одно из полей «username» и «email»."


class EmailMissing(FieldRefusal):
    code = "email_missing"
    status = 422
    field = "email"
    title_en = "E-mail address needed"
    title_ru = "Нужен адрес электронной почты"
    detail_en = "Give an e-mail address: the activation link is sent there."
    detail_ru = "Укажите адрес электронной почты: на него придёт ссылка активации."


class UsernameTaken(Refusal):
    code = "username_taken"
    status = 409
    title_en = "Username taken"
    title_ru = "Имя пользователя занято"
    detail_en = "Somebody has this username, or had it, or one that looks the same. Choose another."
    detail_ru = "Такое имя пользователя уже занято. Выберите другое."


class TooManyNames(Refusal):
    code = "too_many_names"
    status = 409
    title_en = "No more usernames for now"
    title_ru = "Больше имён пока нельзя"
    detail_en = "You have given up {limit} usernames in 90 days. Take one of them again, or wait."
    detail_ru = "За 90 дней вы сменили {limit} имён. Вернитесь к одному из них или подождите."

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=limit)


class EmailTaken(Refusal):
    code = "email_taken"
    status = 409
    title_en = "E-mail address taken"
    title_ru = "Адрес электронной почты занят"
    detail_en = "Somebody is already registered with this e-mail address."
    detail_ru = "С этим адресом электронной почты уже кто-то зарегистрирован."


class ActivationTokenInvalid(Refusal):
    code = "activation_token_invalid"
    status = 400
    title_en = "Activation link not accepted"
    title_ru = "Ссылка активации не принята"
    detail_en = "The activation link is unknown, already used, or too old. Ask for a new one."
    detail_ru = "Ссылка активации неизвестна, уже использована или устарела. Запросите новую."


class ResetTokenInvalid(Refusal):
    code = "reset_token_invalid"
    status = 400
    title_en = "Reset link not valid"
    title_ru = "Ссылка для смены пароля недействительна"
    detail_en = "The link is unknown, used or expired. Ask for a new one."
    detail_ru = "Ссылка неизвестна, использована или просрочена. Запросите новую."


class EmailTokenInvalid(Refusal):
    code = "email_token_invalid"
    status = 400
    title_en = "Confirmation link not valid"
    title_ru = "Ссылка подтверждения недействительна"
    detail_en = "The link is unknown, used or expired. Ask for the change again."
    detail_ru = "Ссылка неизвестна, использована или просрочена. Запросите смену адреса ещё раз."


class EmailUnchanged(Refusal):
    code = "email_unchanged"
    status = 409
    title_en = "E-mail address unchanged"
    title_ru = "Адрес электронной почты тот же"
    detail_en = "This is your e-mail address already."
    detail_ru = "Это и есть ваш адрес электронной почты."


class UserAlreadyActive(Refusal):
    code = "user_already_active"
    status = 409
    title_en = "Already active"
    title_ru = "Уже активен"
    detail_en = "This user is active already: sign in."
    detail_ru = "Этот пользователь уже активен: выполните вход."


class InvalidCredentials(Refusal):
    code = "invalid_credentials"
    status = 401
    title_en = "Name or password wrong"
    title_ru = "Неверное имя или пароль"
    detail_en = "There is no user with this name and password."
    detail_ru = "Нет пользователя с таким именем и паролем."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class LoginLocked(TooManyRequests):
    code = "login_locked"
    title_en = "Login locked"
    title_ru = "Вход заблокирован"
    detail_en = "Too many wrong passwords; try again in {retry_after_seconds} s."
    detail_ru = "Слишком много неверных паролей; повторите через {retry_after_seconds} с."


class UserPending(Refusal):
    code = "user_pending"
    status = 403
    title_en = "Not activated yet"
    title_ru = "Ещё не активирован"
    detail_en = "The user is not activated yet: open the activation link first."
    detail_ru = "Пользователь ещё не активирован: сначала откройте ссылку активации."


class UserDisabled(Refusal):
    code = "user_disabled"
    status = 403
    title_en = "User disabled"
    title_ru = "Пользователь отключён"
    detail_en = "An administrator has disabled this user."
    detail_ru = "Администратор отключил этого пользователя."


class RefreshTokenInvalid(Refusal):
    code = "refresh_token_invalid"
    status = 401
    title_en = "Refresh token not accepted"
    title_ru = "Токен обновления не принят"
    detail_en = (
        "The refresh token is unknown, used or expired, or its session ended. Sign in again."
    )
    detail_ru = "Токен обновления неизвестен, использован, истёк или сеанс завершён. Войдите снова."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class LastAdmin(Refusal):
    code = "last_admin"
    status = 409
    title_en = "Last administrator"
    title_ru = "Последний администратор"
    detail_en = "Nobody would be left to administer. Make somebody else an administrator first."
    detail_ru = "Не останется ни одного администратора. Сначала назначьте другого."


class PasswordWrong(Refusal):
    """Refuses a wrong password; not 401, because the access token is good."""

    code = "password_wrong"
    status = 403
    title_en = "Password wrong"
    title_ru = "Неверный пароль"
    detail_en = "This is not your password."
    detail_ru = "Это не ваш пароль."


class PasswordNeeded(Refusal):
    code = "password_needed"
    status = 403
    title_en = "Password needed"
    title_ru = "Нужен пароль"
    detail_en = "Give your password, or log in again: your last login is too long ago for this."
    detail_ru = "Укажите пароль или войдите заново: последний вход был слишком давно."


class DeletionUnderWay(Refusal):
    code = "deletion_under_way"
    status = 409
    title_en = "Deletion under way"
    title_ru = "Удаление уже идёт"
    detail_en = "This user is just being deleted. Try again in two minutes if nothing comes of it."
    detail_ru = "Этого пользователя уже удаляют. Если не удалится, повторите через две минуты."
