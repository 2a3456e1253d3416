"""Logs in at a Weir, for programs that speak to its REST surface with `requests`.

    import requests
    from getToken import getJWT

    session = requests.Session()                      # one connection for everything
    token = getJWT(session, "http://127.0.0.1:8080", "ann", password)
    session.get("http://127.0.0.1:8080/tickets", headers={"Authorization": token})

What `getJWT` answers is a whole header value, `Bearer:TOKEN`. A token holds for four hours: log in again before a
burst of work, or when an answer is 401. Beware of ~/.netrc: where it names the host, requests replaces the header by
what stands there; `session.trust_env = False` prevents that.
"""

import sys


def getJWT(session, url, user, password, verify=True):
    """The value of the header Authorization for a user; ends the program when he is refused.

    `session` is a requests.Session (or the module `requests` itself, for a connection of its own), `url` the server
    without a path. `verify` is that of requests: False for a self-signed certificate, or better the file of it.
    """
    form = {"username": user, "password": password}
    answer = session.post(url + "/api/v3/token", data=form, verify=verify)
    body = answer.json()
    if answer.status_code > 300:
        wait = answer.headers.get("Retry-After")
        sys.exit("No token for %s: %s%s" % (user, body["error"], ", try again in %s s" % wait if wait else ""))
    return body["token_type"] + ":" + body["access_token"]
