import httpx2
import pytest

from runtime.demo.browser import Browser, PageNotAsExpected

CASHIER = """
<title>Cashier</title><style>form { color: red }</style>
<form method="post" action="/pay/esc_1/payment">
  <input type="hidden" name="form" value="signed">
  <button name="choice" value="sandbox/card">Bank card</button>
  <button name="choice" value="sandbox/online_banking"><b>Online</b> banking</button>
</form>
<form method="get" action="/search"><input name="q" value="old"><button>Look</button></form>
<form method="post" action="/gender"><input type="radio" name="sex" value="m">
  <input type="radio" name="sex" value="f" checked><button>Save</button></form>
"""


def answer(request: httpx2.Request) -> httpx2.Response:
    """A small site: a link that becomes a cookie, a cashier, and an echo for everything else."""
    match request.method, request.url.path:
        case "GET", "/pay/token":
            headers = {"location": "/pay/esc_1", "set-cookie": "esc_1=token; Path=/"}
            return httpx2.Response(303, headers=headers)
        case "GET", "/pay/esc_1" if request.headers.get("cookie") == "esc_1=token":
            return httpx2.Response(200, text=CASHIER)
        case "GET", "/pay/esc_1":
            return httpx2.Response(403, text="open the link again")
        case _:
            said = f"{request.method} {request.url.raw_path.decode()} {request.content.decode()}"
            return httpx2.Response(200, text=said.replace("&", "&amp;"))


@pytest.fixture
def browser() -> Browser:
    return Browser(httpx2.MockTransport(answer))


async def test_a_link_leads_through_a_redirect_and_keeps_its_cookie(browser: Browser) -> None:
    page = await browser.open("https://shop.example/pay/token")
    assert page.url == "https://shop.example/pay/esc_1"
    assert "Online banking" in page.text
    assert "color: red" not in page.text


async def test_a_button_sends_its_own_value_and_what_is_hidden(browser: Browser) -> None:
    page = await browser.open("https://shop.example/pay/token")
    after = await browser.press(page, "sandbox/online_banking")
    assert after.text == "POST /pay/esc_1/payment form=signed&choice=sandbox%2Fonline_banking"


async def test_a_button_is_found_by_what_it_says(browser: Browser) -> None:
    page = await browser.open("https://shop.example/pay/token")
    assert (await browser.press(page, "Look", q="boots")).text == "GET /search?q=boots"


async def test_of_several_choices_the_checked_one_is_sent(browser: Browser) -> None:
    page = await browser.open("https://shop.example/pay/token")
    assert (await browser.press(page, "Save")).text == "POST /gender sex=f"


async def test_a_page_that_says_no_is_quoted(browser: Browser) -> None:
    with pytest.raises(PageNotAsExpected, match="403: open the link again"):
        await browser.open("https://shop.example/pay/esc_1")


async def test_a_button_that_is_not_there_is_named_with_what_is(browser: Browser) -> None:
    page = await browser.open("https://shop.example/pay/token")
    with pytest.raises(PageNotAsExpected, match=r"(?s)no 'Donate'.*Online banking"):
        await browser.press(page, "Donate")
