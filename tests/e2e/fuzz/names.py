"""Names what the test hands to schemathesis's hooks in the environment."""

from typing import Final

URL: Final = "SALDO_FUZZ_URL"
# The file of a refresh token: logins are slowed down once somebody's password has been guessed at.
USER: Final = "SALDO_FUZZ_USER"
# Names: of the administrator, whose logins must be fresh, and of whom is paid.
ADMIN: Final = "SALDO_FUZZ_ADMIN"
PAYEE: Final = "SALDO_FUZZ_PAYEE"
# Ids of the people above, apart by commas: nobody else's sessions and rights may be ended.
SPARED: Final = "SALDO_FUZZ_SPARED"
# The file of known ids.
KNOWN: Final = "SALDO_FUZZ_KNOWN"
