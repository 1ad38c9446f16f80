"""Access tokens for Python programs that hold no secret.

The tokens come from the ``butlr-credential`` command, which keeps them fresh and shares them with git, kubectl and
whatever else on this machine asks for one. This module is a single file without dependencies (Python 3.8 and later):
copy it next to your program, or put its folder on ``PYTHONPATH``.

    source = TokenSource("https://api.butlr.io/")
    requests.get("https://api.butlr.io/…", auth=RequestsAuth(source))
    httpx.Client(auth=httpx_auth(source))
    source()                                    # the bare token, for everything else
"""

import calendar
import json
import logging
import os
import subprocess
import threading
import time
from typing import Any, Mapping, Optional
from urllib.parse import unquote, urlsplit

__all__ = ["Credential", "CredentialError", "RequestsAuth", "TokenSource", "httpx_auth"]

_log = logging.getLogger(__name__)


class CredentialError(Exception):
    """No token could be had.

    ``code`` says why in one word, as the helper's manual lists them (such as ``no-profile``, ``config``,
    ``credentials-rejected`` or ``temporary-failure``), or ``helper`` when the helper itself could not be run.
    ``message`` and ``hint`` are for people; ``hint`` may be ``None``. ``retryable`` says whether the same call may
    work later, ``retry_after`` after how many seconds, if that is known.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: Optional[str] = None,
        retryable: bool = False,
        retry_after: Optional[int] = None,
    ) -> None:
        super().__init__(f"{message} ({code}); {hint}" if hint else f"{message} ({code})")
        self.code = code
        self.message = message
        self.hint = hint
        self.retryable = retryable
        self.retry_after = retry_after


class Credential:
    """A token and what is known of it. Printing it does not show the token."""

    __slots__ = ("token", "expires", "scope", "profile")

    def __init__(self, token: str, expires: float, scope: Optional[str], profile: str) -> None:
        self.token = token
        #: When the token ends, in seconds since the epoch.
        self.expires = expires
        self.scope = scope
        #: The profile that it comes from.
        self.profile = profile

    def __repr__(self) -> str:
        return f"<Credential of profile {self.profile!r}: token redacted>"


class TokenSource:
    """Gives a fresh token whenever it is called. Safe to share among threads, which then share one token.

    :param url: where the token is to be used. The helper gives one only if a profile lists that URL, and the classes
        for requests and httpx send it nowhere else. Without one, the profile named, or ``default``, gives a token for
        any use.
    :param profile: the name of the profile, where the URL alone does not decide.
    :param min_ttl: for how many seconds, at least, a token must still be good.
    :param helper: the helper's name or path.
    :param timeout: after how many seconds the helper is given up; it has a deadline of its own, which is shorter.
    :param environment: the helper's environment variables, instead of this process's.
    """

    #: A token is not handed out within this many seconds of its end, or half of what was left of it when it came.
    MARGIN = 30.0

    def __init__(
        self,
        url: Optional[str] = None,
        *,
        profile: Optional[str] = None,
        min_ttl: Optional[int] = None,
        helper: str = "butlr-credential",
        timeout: float = 60.0,
        environment: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.url = url
        self._place = None if url is None else _Place(url)
        self._profile = profile
        self._min_ttl = min_ttl
        self._helper = helper
        self._timeout = timeout
        self._environment = environment
        self._lock = threading.Lock()
        self._credential: Optional[Credential] = None
        self._renewal = (0.0, 0.0)

    def __call__(self, rejected: Optional[str] = None) -> str:
        """The token.

        :param rejected: a token that a server answered with 401. If that is still the current one, it is replaced.
        :raises CredentialError: when there is none to be had.
        """
        return self.credential(rejected).token

    def credential(self, rejected: Optional[str] = None) -> Credential:
        """The token with its end, scope and profile; else as :meth:`__call__`."""
        # Those who wait here find what the first of them got.
        with self._lock:
            current = self._credential
            if current is None or current.token == rejected or not self._is_fresh():
                current = self._obtain(rejected)
                self._credential = current
            return current

    def covers(self, url: str) -> bool:
        """Whether a request for this URL may carry the token: it is the source's own URL or below it."""
        place = self._place
        return place is not None and place.covers(url)

    def _is_fresh(self) -> bool:
        # The clock may be set; time that passes is counted by another, which in turn stops while a laptop sleeps.
        return time.time() < self._renewal[0] and time.monotonic() < self._renewal[1]

    def _obtain(self, rejected: Optional[str]) -> Credential:
        request = {
            "uri": self.url,
            "profile": self._profile,
            "min_ttl": self._min_ttl,
            "rejected_token": rejected,
        }
        answer = self._ask({name: value for name, value in request.items() if value is not None})
        try:
            scheme, _, token = answer["headers"]["Authorization"][0].partition(" ")
            if scheme != "Bearer" or not token:
                raise ValueError("no bearer token")
            expires = float(calendar.timegm(time.strptime(answer["expires"], "%Y-%m-%dT%H:%M:%SZ")))
            credential = Credential(token, expires, answer.get("scope"), answer["profile"])
        except (KeyError, IndexError, TypeError, ValueError):
            raise CredentialError("helper", f"{self._helper} gave an answer that is not understood") from None
        left = max(0.0, expires - time.time())
        use = left - max(min(self.MARGIN, left / 2), float(self._min_ttl or 0))
        self._renewal = (time.time() + use, time.monotonic() + use)
        return credential

    def _ask(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        environment = None if self._environment is None else dict(self._environment)
        try:
            outcome = subprocess.run(
                [self._helper, "get"],
                input=json.dumps(request).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=self._timeout,
                env=environment,
            )
        except subprocess.TimeoutExpired:
            raise CredentialError(
                "helper", f"{self._helper} did not answer within {self._timeout:g} s", retryable=True
            ) from None
        except OSError as error:
            raise CredentialError(
                "helper",
                f"{self._helper} cannot be run: {os.strerror(error.errno) if error.errno else error}",
                hint="install it, or give its path as helper=",
            ) from None
        said = outcome.stderr.decode("utf-8", "replace").strip()
        try:
            answer = json.loads(outcome.stdout.decode("utf-8"))
            if not isinstance(answer, dict):
                raise ValueError("no object")
        except ValueError:
            raise CredentialError(
                "helper", said or f"{self._helper} ended with status {outcome.returncode} and no answer"
            ) from None
        error = answer.get("error")
        if error is not None or outcome.returncode != 0:
            error = error if isinstance(error, dict) else {}
            raise CredentialError(
                error.get("code") or "helper",
                error.get("message") or said,
                error.get("hint"),
                bool(error.get("retryable")),
                error.get("retry_after"),
            )
        if said:
            _log.warning("%s", said)
        return answer


class RequestsAuth:
    """Authentication for `requests <https://requests.readthedocs.io>`_: ``requests.get(url, auth=RequestsAuth(source))``.

    A request for the source's URL, or for something below it, carries the token. If it is answered with 401, the
    token is renewed and the request sent once more, unless its body cannot be read twice. Any other request goes
    without, and so does one that a redirect leads to another server.
    """

    def __init__(self, source: TokenSource) -> None:
        _require_url(source)
        self._source = source

    def __call__(self, request: Any) -> Any:
        if self._source.covers(request.url):
            request.headers["Authorization"] = "Bearer " + self._source()
            start = _position(request.body)
            request.register_hook("response", lambda response, **settings: self._renew(response, start, settings))
        return request

    def _renew(self, response: Any, start: Optional[int], settings: Mapping[str, Any]) -> Any:
        request = response.request
        sent = _bearer(request.headers.get("Authorization"))
        # Requests keeps this hook for the requests that redirects lead to.
        if response.status_code != 401 or sent is None or not self._source.covers(request.url):
            return response
        if start is None and not (request.body is None or isinstance(request.body, (bytes, str))):
            return response
        # The connection can only be used again once the response has been read.
        _ = response.content
        response.close()
        token = self._source(rejected=sent)
        if token == sent:
            return response
        from requests.cookies import extract_cookies_to_jar

        if start is not None:
            request.body.seek(start)
        again = request.copy()
        extract_cookies_to_jar(again._cookies, request, response.raw)
        again.prepare_cookies(again._cookies)
        again.headers["Authorization"] = "Bearer " + token
        answer = response.connection.send(again, **settings)
        answer.history.append(response)
        answer.request = again
        return answer


def httpx_auth(source: TokenSource) -> Any:
    """Authentication for `HTTPX <https://www.python-httpx.org>`_, both kinds of client:
    ``httpx.Client(auth=httpx_auth(source))``. It behaves as :class:`RequestsAuth` does.
    """
    _require_url(source)
    import httpx

    def carry(request: Any, token: str) -> Any:
        request.headers["Authorization"] = "Bearer " + token
        return request

    def is_refused(request: Any, response: Any, token: str) -> bool:
        # The last request of a chain of redirects may have been another server's.
        last = response.request
        if response.status_code != 401 or not source.covers(str(last.url)):
            return False
        if _bearer(last.headers.get("Authorization")) != token:
            return False
        try:
            _ = request.content
        except httpx.RequestNotRead:
            return False
        return True

    class Auth(httpx.Auth):
        def sync_auth_flow(self, request: Any) -> Any:
            if not source.covers(str(request.url)):
                yield request
                return
            token = source()
            response = yield carry(request, token)
            if is_refused(request, response, token):
                renewed = source(rejected=token)
                if renewed != token:
                    yield carry(request, renewed)

        async def async_auth_flow(self, request: Any) -> Any:
            from anyio import to_thread

            if not source.covers(str(request.url)):
                yield request
                return
            token = await to_thread.run_sync(source)
            response = yield carry(request, token)
            if is_refused(request, response, token):
                renewed = await to_thread.run_sync(source, token)
                if renewed != token:
                    yield carry(request, renewed)

    return Auth()


class _Place:
    """A URL and all that lies below it."""

    def __init__(self, url: str) -> None:
        origin, path = _parts(url)
        if origin is None:
            raise ValueError(f"{url!r} is no http or https URL")
        self._origin = origin
        self._path = path.rstrip("/")

    def covers(self, url: str) -> bool:
        origin, path = _parts(url)
        return origin == self._origin and (path + "/").startswith(self._path + "/")


def _parts(url: str) -> Any:
    """Scheme, host and port of a URL, and its path; ``None`` for a URL that not everybody reads alike."""
    if any(character <= " " or character in "\\\x7f" for character in url):
        return None, ""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (KeyError, ValueError):
        return None, ""
    if not parts.hostname or any(unquote(segment) in (".", "..") for segment in parts.path.split("/")):
        return None, ""
    return (parts.scheme, parts.hostname.rstrip("."), port), parts.path or "/"


def _require_url(source: TokenSource) -> None:
    if source.url is None:
        raise ValueError("the token source needs a url: the token is sent nowhere else")


def _bearer(header: Optional[str]) -> Optional[str]:
    return header[len("Bearer ") :] if header and header.startswith("Bearer ") else None


def _position(body: Any) -> Optional[int]:
    """Where a body that is a file begins."""
    try:
        return body.tell() if body.seekable() else None
    except (AttributeError, OSError):
        return None
