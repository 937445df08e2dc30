"""Says in words what a client may do, for the page where people allow it."""

from collections.abc import Mapping
from typing import Final

from auth.domain.scopes import Scope
from kit.refusals import Language

WORDS: Final[Mapping[Scope, Mapping[Language, str]]] = {
    Scope.PROFILE_READ: {
        "en": "see your name, username and e-mail address",
        "ru": "видеть ваше имя, имя пользователя и адрес почты",
    },
    Scope.PAYMENTS_READ: {
        "en": "see your payments",
        "ru": "видеть ваши платежи",
    },
    Scope.PAYMENTS_WRITE: {
        "en": "pay with your money, and cancel payments",
        "ru": "платить вашими деньгами и отменять платежи",
    },
    Scope.REFUNDS_READ: {
        "en": "see refunds",
        "ru": "видеть возвраты",
    },
    Scope.REFUNDS_WRITE: {
        "en": "refund payments that you got",
        "ru": "возвращать полученные вами платежи",
    },
    Scope.SERVICES_WRITE: {
        "en": "offer paid services in your name",
        "ru": "предлагать платные услуги от вашего имени",
    },
    Scope.WALLETS_READ: {
        "en": "see your wallets, balances and statements",
        "ru": "видеть ваши кошельки, остатки и выписки",
    },
    Scope.WALLETS_WRITE: {
        "en": "move your money: transfer, top up and withdraw",
        "ru": "распоряжаться вашими деньгами: переводить, пополнять и выводить",
    },
    Scope.ORDERS_READ: {
        "en": "see your orders",
        "ru": "видеть ваши заказы",
    },
    Scope.ORDERS_WRITE: {
        "en": "order in your name, and cancel orders",
        "ru": "заказывать от вашего имени и отменять заказы",
    },
    Scope.PRODUCTS_READ: {
        "en": "see the catalogue as you do",
        "ru": "видеть каталог так же, как вы",
    },
    Scope.PRODUCTS_WRITE: {
        "en": "change products, where users may",
        "ru": "менять товары там, где это доступно пользователям",
    },
    Scope.FINANCE_READ: {
        "en": "see your personal finances and reports",
        "ru": "видеть ваши личные финансы и отчёты",
    },
    Scope.FINANCE_WRITE: {
        "en": "change your personal finances",
        "ru": "менять ваши личные финансы",
    },
    Scope.NOTIFICATIONS_READ: {
        "en": "see your notices",
        "ru": "видеть ваши уведомления",
    },
    Scope.NOTIFICATIONS_WRITE: {
        "en": "mark notices as read, and choose which you get",
        "ru": "отмечать уведомления и выбирать, какие приходят",
    },
    Scope.WEBHOOKS_READ: {
        "en": "see your webhooks",
        "ru": "видеть ваши вебхуки",
    },
    Scope.WEBHOOKS_WRITE: {
        "en": "have events about you sent elsewhere",
        "ru": "отправлять события о вас на другие адреса",
    },
}
