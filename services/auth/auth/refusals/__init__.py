"""Defines every "no" that auth can say, beside those of kit.

Refusal
├── FieldRefusal
│   ├── UsernameRefused         422  username_invalid
│   ├── UsernameMixed           422  username_mixed
│   ├── UsernameReserved        422  username_reserved
│   ├── EmailNotAscii           422  email_not_ascii
│   ├── EmailRefused            422  email_invalid
│   ├── FullNameRefused         422  full_name_invalid
│   ├── PasswordWrongLength     422  password_wrong_length
│   ├── PasswordTooCommon       422  password_too_common
│   ├── PasskeyNameInvalid      422  passkey_name_invalid
│   ├── NameMissing             422  name_missing
│   ├── EmailMissing            422  email_missing
│   ├── ApiKeyExpired           422  api_key_expired
│   ├── ScopeNotBounded         422  scope_not_bounded
│   ├── ClientNameRefused       422  client_name_invalid
│   └── RedirectUriRefused      422  redirect_uri_invalid
├── UsernameTaken               409  username_taken
├── TooManyNames                409  too_many_names
├── EmailTaken                  409  email_taken
├── ActivationTokenInvalid      400  activation_token_invalid
├── ResetTokenInvalid           400  reset_token_invalid
├── EmailTokenInvalid           400  email_token_invalid
├── EmailUnchanged              409  email_unchanged
├── UserAlreadyActive           409  user_already_active
├── InvalidCredentials          401  invalid_credentials
├── LoginLocked                 429  login_locked
├── UserPending                 403  user_pending
├── UserDisabled                403  user_disabled
├── RefreshTokenInvalid         401  refresh_token_invalid
├── ClientInvalid               401  invalid_client
├── ClientIsPublic              409  client_is_public
├── ClientUnknown               400  client_unknown
├── RedirectUriUnknown          400  redirect_uri_unknown
├── LoginPageOutdated           403  login_page_outdated
├── ResponseTypeUnsupported     400  unsupported_response_type
├── ChallengeMissing            400  code_challenge_missing
├── AccessDenied                403  access_denied
├── CodeInvalid                 401  code_invalid
├── GrantUnsupported            400  unsupported_grant_type
├── ScopeUnknown                400  invalid_scope
├── TokenTypeUnsupported        400  unsupported_token_type
├── LastAdmin                   409  last_admin
├── PasswordWrong               403  password_wrong
├── PasswordNeeded              403  password_needed
├── OtpRequired                 403  otp_required
├── CodeWrong                   403  code_wrong
├── MfaTokenInvalid             401  mfa_token_invalid
├── PasskeyRefused              403  passkey_refused
├── TooManyPasskeys             409  too_many_passkeys
├── TotpEnrolled                409  totp_enrolled
├── TotpNotBegun                409  totp_not_begun
├── FactorMissing               409  factor_missing
├── TooManyApiKeys              409  too_many_api_keys
├── ApiKeyNotFound              404  api_key_not_found
└── DeletionUnderWay            409  deletion_under_way
"""

from auth.refusals.api_keys import (
    ApiKeyExpired,
    ApiKeyNotFound,
    ScopeNotBounded,
    TooManyApiKeys,
)
from auth.refusals.factors import (
    CodeWrong,
    FactorMissing,
    MfaTokenInvalid,
    OtpRequired,
    PasskeyNameInvalid,
    PasskeyRefused,
    TooManyPasskeys,
    TotpEnrolled,
    TotpNotBegun,
)
from auth.refusals.oauth_clients import (
    AccessDenied,
    ChallengeMissing,
    ClientInvalid,
    ClientIsPublic,
    ClientNameRefused,
    ClientUnknown,
    CodeInvalid,
    GrantUnsupported,
    LoginPageOutdated,
    RedirectUriRefused,
    RedirectUriUnknown,
    ResponseTypeUnsupported,
    ScopeUnknown,
    TokenTypeUnsupported,
)
from auth.refusals.users import (
    ActivationTokenInvalid,
    DeletionUnderWay,
    EmailMissing,
    EmailNotAscii,
    EmailRefused,
    EmailTaken,
    EmailTokenInvalid,
    EmailUnchanged,
    FullNameRefused,
    InvalidCredentials,
    LastAdmin,
    LoginLocked,
    NameMissing,
    PasswordNeeded,
    PasswordTooCommon,
    PasswordWrong,
    PasswordWrongLength,
    RefreshTokenInvalid,
    ResetTokenInvalid,
    TooManyNames,
    UserAlreadyActive,
    UserDisabled,
    UsernameMixed,
    UsernameRefused,
    UsernameReserved,
    UsernameTaken,
    UserPending,
)

__all__ = [
    "AccessDenied",
    "ActivationTokenInvalid",
    "ApiKeyExpired",
    "ApiKeyNotFound",
    "ChallengeMissing",
    "ClientInvalid",
    "ClientIsPublic",
    "ClientNameRefused",
    "ClientUnknown",
    "CodeInvalid",
    "CodeWrong",
    "DeletionUnderWay",
    "EmailMissing",
    "EmailNotAscii",
    "EmailRefused",
    "EmailTaken",
    "EmailTokenInvalid",
    "EmailUnchanged",
    "FactorMissing",
    "FullNameRefused",
    "GrantUnsupported",
    "InvalidCredentials",
    "LastAdmin",
    "LoginLocked",
    "LoginPageOutdated",
    "MfaTokenInvalid",
    "NameMissing",
    "OtpRequired",
    "PasskeyNameInvalid",
    "PasskeyRefused",
    "PasswordNeeded",
    "PasswordTooCommon",
    "PasswordWrong",
    "PasswordWrongLength",
    "RedirectUriRefused",
    "RedirectUriUnknown",
    "RefreshTokenInvalid",
    "ResetTokenInvalid",
    "ResponseTypeUnsupported",
    "ScopeNotBounded",
    "ScopeUnknown",
    "TokenTypeUnsupported",
    "TooManyApiKeys",
    "TooManyNames",
    "TooManyPasskeys",
    "TotpEnrolled",
    "TotpNotBegun",
    "UserAlreadyActive",
    "UserDisabled",
    "UserPending",
    "UsernameMixed",
    "UsernameRefused",
    "UsernameReserved",
    "UsernameTaken",
]
