"""Holds the refusals to OAuth clients, and to those who register them."""

from kit.refusals import FieldRefusal, Refusal


class ClientInvalid(Refusal):
    code = "invalid_client"
    status = 401
    title_en = "Client not known"
    title_ru = "Неизвестный клиент"
    detail_en = "There is no client with this id and secret."
    detail_ru = "Нет клиента с таким идентификатором и секретом."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Basic realm="saldo"'})


class ClientNameRefused(FieldRefusal):
    code = "client_name_invalid"
    status = 422
    field = "name"
    title_en = "Name of the client not accepted"
    title_ru = "Название клиента не принято"
    detail_en = "A client's name has 1 to 60 visible characters: people read it when they log in."
    detail_ru = "Название клиента — от 1 до 60 видимых знаков: его читают при входе."


class RedirectUriRefused(FieldRefusal):
    code = "redirect_uri_invalid"
    status = 422
    field = "redirect_uris"
    title_en = "Redirect address not accepted"
    title_ru = "Адрес возврата не принят"
    detail_en = (
        "Write https://host/path or http://127.0.0.1/path, without query and fragment; a public"
        " client may also have a scheme of its own, as com.example.app:/path."
    )
    detail_ru = (
        "Запишите https://host/path или http://127.0.0.1/path, без запроса и фрагмента; у"
        " публичного клиента может быть и собственная схема, например com.example.app:/path."
    )


class ClientIsPublic(Refusal):
    code = "client_is_public"
    status = 409
    title_en = "Public client"
    title_ru = "Публичный клиент"
    detail_en = "This client has no secret, so there is none to replace."
    detail_ru = "У этого клиента нет секрета, заменять нечего."


class ClientUnknown(Refusal):
    code = "client_unknown"
    status = 400
    title_en = "Application not known"
    title_ru = "Неизвестное приложение"
    detail_en = "The application that sent you here is not registered, or is switched off."
    detail_ru = "Приложение, которое вас сюда направило, не зарегистрировано или отключено."


class RedirectUriUnknown(Refusal):
    code = "redirect_uri_unknown"
    status = 400
    title_en = "Redirect address not known"
    title_ru = "Неизвестный адрес возврата"
    detail_en = "The application wants you back at an address that is not registered for it."
    detail_ru = "Приложение просит вернуть вас на адрес, который для него не зарегистрирован."


class LoginPageOutdated(Refusal):
    code = "login_page_outdated"
    status = 403
    title_en = "Page too old"
    title_ru = "Страница устарела"
    detail_en = "This page is too old, or was not opened here. Begin again in the application."
    detail_ru = "Страница устарела или была открыта не здесь. Начните заново в приложении."


class ResponseTypeUnsupported(Refusal):
    code = "unsupported_response_type"
    status = 400
    title_en = "Response type not supported"
    title_ru = "Тип ответа не поддерживается"
    detail_en = "“response_type” is “code”."
    detail_ru = "«response_type» — это «code»."


class ChallengeMissing(Refusal):
    code = "code_challenge_missing"
    status = 400
    title_en = "Code challenge needed"
    title_ru = "Нужен code_challenge"
    detail_en = (
        "Give “code_challenge”, 43 characters of base64url, and “code_challenge_method=S256”."
    )
    detail_ru = "Передайте «code_challenge», 43 знака base64url, и «code_challenge_method=S256»."


class AccessDenied(Refusal):
    code = "access_denied"
    status = 403
    title_en = "Access denied"
    title_ru = "Доступ не предоставлен"
    detail_en = "The user did not allow it."
    detail_ru = "Пользователь не дал разрешения."


class CodeInvalid(Refusal):
    """Refuses a code for any reason; it does not say which."""

    code = "code_invalid"
    status = 401
    title_en = "Authorization code not accepted"
    title_ru = "Код авторизации не принят"
    detail_en = (
        "The code is unknown, used or expired, or was given for another client, redirect address or"
        " code challenge. Begin again."
    )
    detail_ru = (
        "Код неизвестен, использован или истёк, либо выдан другому клиенту, адресу возврата или"
        " code_challenge. Начните заново."
    )

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class GrantUnsupported(Refusal):
    code = "unsupported_grant_type"
    status = 400
    title_en = "Grant type not supported"
    title_ru = "Тип запроса токена не поддерживается"
    detail_en = (
        "“grant_type” is “authorization_code”, “refresh_token”, “password” or “client_credentials”."
    )
    detail_ru = (
        "«grant_type» — это «authorization_code», «refresh_token», «password» или"
        " «client_credentials»."
    )


class TokenTypeUnsupported(Refusal):
    code = "unsupported_token_type"
    status = 400
    title_en = "Type of token not supported"
    title_ru = "Тип токена не поддерживается"
    detail_en = "Give the refresh token: the session that it is of ends, and its access tokens."
    detail_ru = "Передайте токен обновления: его сеанс завершится вместе с токенами доступа."


class ScopeUnknown(Refusal):
    code = "invalid_scope"
    status = 400
    title_en = "Scope not known"
    title_ru = "Неизвестная область доступа"
    detail_en = (
        "“scope” names something that does not exist, or nothing that this client may have; who is"
        " no registered client leaves it out."
    )
    detail_ru = (
        "В «scope» есть несуществующее или нет ничего, что этому клиенту разрешено; кто не"
        " зарегистрирован как клиент, опускает его."
    )
