from trunkline.core.sip_account import sip_ha1, sip_password


def test_password_is_the_same_every_time_and_fits_a_sip_header() -> None:
    password = sip_password(b"s" * 32, "ana")

    assert password == sip_password(b"s" * 32, "ana") == "ylgi6h4838VWfBa5tUxZ"
    assert len(password) == 20


def test_each_endpoint_and_each_secret_has_its_own_password() -> None:
    passwords = {sip_password(secret, name) for secret in (b"a", b"b") for name in ("ana", "ana-web", "ben")}

    assert len(passwords) == 6


def test_ha1_is_the_one_of_rfc_2617() -> None:
    # printf 'ana:trunkline:secret' | md5sum
    assert sip_ha1("ana", "secret") == "d51c741dc90ce72e3dbff4c34f7f7532"
