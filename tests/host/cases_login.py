"""Logging in with libpq itself: the exchanges that other suites speak with a client of their own."""
import hashlib
import os
import subprocess

from cases_tls import tls_settings
from world import DATABASE

USERS = f"""
plain = "pass word", tenant=1
ancient = secret, tenant=1, md5
hashed = md5{hashlib.md5(b'secrethashed').hexdigest()}, tenant=2, md5
"""


def _psql(world, proxy, user, password, text="SELECT count(*), max(note) FROM entries", **parameters):
    """(exit code, output, errors)"""
    parameters = {"host": "127.0.0.1", "port": proxy.port, "user": user, "dbname": DATABASE, **parameters}
    done = subprocess.run([world.cluster.program("psql"), "-X", "-A", "-t", "-c", text,
                           " ".join(f"{name}={value}" for name, value in parameters.items())],
                          capture_output=True, text=True, timeout=60, env={**os.environ, "PGPASSWORD": password})
    return done.returncode, done.stdout.strip(), done.stderr


def case_scram_of_libpq(world):
    """The password is right, wrong, or somebody else's; the user does not exist: the same answer for the last three."""
    proxy = world.proxy(users=USERS)
    assert _psql(world, proxy, "plain", "pass word")[:2] == (0, "10|note 9")
    for user, password in (("plain", "password"), ("plain", "secret"), ("nobody", "secret")):
        code, output, errors = _psql(world, proxy, user, password)
        assert code == 2 and output == "" and f'password authentication failed for user "{user}"' in errors, (code, output, errors)


def case_md5_of_libpq(world):
    """A password in clear in the file, and one as its hash; nobody gets into another tenant by it."""
    proxy = world.proxy(users=USERS)
    assert _psql(world, proxy, "ancient", "secret")[:2] == (0, "10|note 9")
    assert _psql(world, proxy, "hashed", "secret")[:2] == (0, "1|CANARY")
    for user, password in (("ancient", "other"), ("hashed", "other"), ("hashed", hashlib.md5(b"secrethashed").hexdigest())):
        code, output, errors = _psql(world, proxy, user, password)
        assert code == 2 and output == "" and "authentication failed" in errors, (code, output, errors)
    code, _, errors = _psql(world, proxy, "ancient.2", "secret")
    assert code == 2, errors


def case_channel_binding_of_libpq(world):
    """channel_binding=require works over TLS, and only there."""
    proxy = world.proxy(tls_settings(world), USERS)
    assert _psql(world, proxy, "plain", "pass word", sslmode="require", channel_binding="require")[:2] == (0, "10|note 9")
    code, output, errors = _psql(world, proxy, "plain", "pass word", sslmode="disable", channel_binding="require")
    assert code == 2 and output == "" and "channel binding" in errors, (code, output, errors)
    code, output, errors = _psql(world, proxy, "ancient", "secret", sslmode="require", channel_binding="require")
    assert code == 2 and output == "" and "channel binding" in errors, (code, output, errors)
