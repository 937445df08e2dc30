"""Writes what people read when the stack is up: addresses, users, first requests."""

from urllib.parse import urlsplit

from deploy.stack.log import bold
from deploy.stack.stack import Stack

_TEXT = """
{title}

  API             {gateway}
  Documentation   {gateway}/docs
  Mails sent      {gateway}/sandbox/mail
  Webhook inbox   {gateway}/sandbox/inbox/mine/page   (POST events to …/inbox/mine)
  RabbitMQ        {management}   (user {user}, password {password})
  PostgreSQL      {postgres}
  Logs            {logs}

{users}   (made by `make seed`; password demo-password-1)

  admin (role admin), alice, bob, merchant

{first}

  curl -s {gateway}/v1/auth/register -H 'Content-Type: application/json' \\
       -d '{{"username": "carol", "password": "a-long-password"}}'
  # open the activation url of the answer, then
  curl -s {gateway}/v1/auth/login -H 'Content-Type: application/json' \\
       -d '{{"username": "carol", "password": "a-long-password"}}'
  curl -s {gateway}/v1/wallets/me -H "Authorization: Bearer $ACCESS_TOKEN"

The whole story, told step by step: {demo}
"""


def greeting(stack: Stack) -> str:
    """Return the text for a stack that is ready."""
    management = urlsplit(stack.rabbitmq_api_url)
    return _TEXT.format(
        title=bold("Saldo is ready."),
        gateway=stack.gateway_url,
        management=f"http://127.0.0.1:{management.port}",
        user=management.username,
        password=management.password,
        postgres=stack.postgres_url.removesuffix("/postgres") + "/saldo",
        logs=stack.local / "log",
        users=bold("Demo users"),
        first=bold("First requests"),
        demo=bold("make demo"),
    )
