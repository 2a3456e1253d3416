"""A small client of the job queue with the four names of Accelerator's class VOVRestV3.

    from vov_rest_v3 import VOVRestV3

    vrest = VOVRestV3()
    vrest.authorize("http://127.0.0.1:8080", username="ann", password=password)
    print(vrest.submitRequest("GET", "http://127.0.0.1:8080/api/v3/jobs/1138/id,statusnc"))

It needs `requests`. One session holds the connection open for all requests. What the server refuses raises RestError, whose
text is the server's own sentence; `status` and `problem` hold the rest. A certificate of the server's own making is best
trusted by its file (verify="weir.pem", see docs/19-tls.md); verify=False takes any, and says nothing.
"""

import warnings

import requests


class RestError(Exception):
    """The server refused: `status` of HTTP, `problem` as it came (RFC 9457), a dict that may be empty."""

    def __init__(self, status, problem):
        parts = [problem.get("title") or problem.get("error") or "status %d" % status, problem.get("detail"), problem.get("hint")]
        super().__init__("; ".join(part for part in parts if part))
        self.status = status
        self.problem = problem


class VOVRestV3:
    def __init__(self, verify=True):
        self._session = requests.Session()
        self._session.verify = verify
        # What ~/.netrc says of the host would go before our token.
        self._session.trust_env = False
        self._login = None
        self._jwt = None

    def authorize(self, url, username=None, password=None):
        """Logs in; the token goes along with every request from then on. It holds for four hours."""
        self._login = (url.rstrip("/"), username, password)
        self._jwt = None
        self._log_in()

    def getJWT(self):
        """The value of the header Authorization, `Bearer:TOKEN`; None before a login."""
        return self._jwt

    def setJWT(self, token):
        """Uses a token that somebody else got, as getJWT answers it."""
        self._jwt = token

    def submitRequest(self, method, url, queryParams={}, jsonData={}):
        """Sends a request and answers the text of the answer. Logs in again, once, when the token has ended."""
        answer = self._send(method, url, queryParams, jsonData)
        if answer.status_code == 401 and self._login is not None:
            self._log_in()
            answer = self._send(method, url, queryParams, jsonData)
        self._check(answer)
        return answer.text

    def _log_in(self):
        url, username, password = self._login
        form = {"username": username, "password": password}
        answer = self._request("POST", url + "/api/v3/token", data=form)
        self._check(answer)
        body = answer.json()
        self._jwt = body["token_type"] + ":" + body["access_token"]

    def _send(self, method, url, query, body):
        headers = {} if self._jwt is None else {"Authorization": self._jwt}
        return self._request(method, url, params=query, json=body or None, headers=headers)

    def _request(self, method, url, **more):
        with warnings.catch_warnings():
            if self._session.verify is False:
                warnings.simplefilter("ignore")
            return self._session.request(method, url, timeout=60, **more)

    def _check(self, answer):
        if answer.status_code < 400:
            return
        try:
            problem = answer.json()
        except ValueError:
            problem = {}
        raise RestError(answer.status_code, problem if isinstance(problem, dict) else {})
