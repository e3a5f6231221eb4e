"""A magazine on two stores: carts in Redis, gone after two quiet hours; articles and orders in a database, to stay.

Ordering changes both by one event: the database commits first, the cart follows.  REDIS_URL says which Redis it is.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fasthtml.common import H1, H2, Button, Div, Li, P, Section, Small, Span, Ul

from starmodel.adapters.fasthtml import find, on_click
from starmodel.bootstrap import create_app
from starmodel.core import Entity, Indexed, Shown, StateStore, Unit, event


class BlogPost(Entity):
    title: Annotated[str, Shown()]
    body: str = ""
    price: Decimal = Decimal(2)
    sold: int = 0
    model_config = {"store": StateStore.SERVER_SQL, "label": "Article", "plural": "Articles", "icon": "newspaper"}


class Order(Entity):
    titles: list[str]
    total: Decimal
    at: Annotated[datetime, Indexed()]
    model_config = {"store": StateStore.SERVER_SQL, "icon": "receipt", "default_events": []}


class Cart(Entity):
    posts: list[str] = []
    titles: list[str] = []
    total: Decimal = Decimal(0)
    model_config = {"store": StateStore.SERVER_REDIS, "ttl": 7200, "pages": False}

    @event
    def put(self, post: BlogPost) -> None:
        self.posts.append(post.id)
        self.titles.append(post.title)
        self.total += post.price

    @event
    def empty(self) -> None:
        self.posts, self.titles, self.total = [], [], Decimal(0)

    @event(primary="sql")
    async def checkout(self) -> str:
        if not self.posts:
            raise ValueError("There is nothing in your cart yet.")
        unit = Unit.current()
        unit.add(Order(titles=self.titles, total=self.total, at=datetime.now(UTC)))
        for id in self.posts:
            post = await unit.get(BlogPost, id)
            post.sold += 1
        self.posts, self.titles, self.total = [], [], Decimal(0)
        return "Thank you. Enjoy reading."


app = create_app(BlogPost, Order, Cart, title="Magazine")


def article(post: BlogPost, cart: Cart):
    put = Button("Add", on_click(cart.put, post), cls="secondary", aria_label=f"Add {post.title}")
    facts = Span(f"{post.price:.2f}", Small(f" · sold {post.sold}", cls="muted") if post.sold else "")
    head = P(post.title, cls="font-semibold"), P(post.body, cls="muted")
    return Div(*head, Div(put, facts, cls="row mt-3"), cls="card")


def basket(cart: Cart):
    if not cart.posts:
        return (P("Nothing in it yet.", cls="muted mt-3"),)
    buttons = Button("Order", on_click(cart.checkout)), Button("Empty", on_click(cart.empty), cls="secondary")
    return (
        Ul(*map(Li, cart.titles), cls="mt-3"),
        P(f"{cart.total:.2f}", cls="font-semibold"),
        Div(*buttons, cls="row mt-3"),
    )


def line(order: Order):
    return Li(", ".join(order.titles), Span(f" · {order.total:.2f}", cls="muted"))


def kept(where: str):
    return Small(where, cls="muted")


@app.page("/", "Magazine", icon="newspaper")
async def magazine(cart: Cart):
    articles = [article(post, cart) for post in await find(BlogPost, order=["title"])]
    orders = [line(order) for order in await find(Order, order=["-at"], limit=5)]
    mine = Section(H2("Your cart"), kept("in Redis, for two hours"), *basket(cart), cls="card", aria_label="Cart")
    newest = Ul(*orders, cls="mt-3") if orders else P("Nobody has ordered yet.", cls="muted mt-3")
    theirs = Section(H2("Latest orders"), kept("in the database"), newest, cls="card", aria_label="Orders")
    return (
        H1("Magazine"),
        Div(mine, theirs, cls="grid sm:grid-cols-2 gap-4 mb-6"),
        Div(*articles, cls="grid sm:grid-cols-2 lg:grid-cols-3 gap-4"),
    )
