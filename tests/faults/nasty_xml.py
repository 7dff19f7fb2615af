"""Claims and examinations nobody wants to receive; see nasty_inputs.py."""

from __future__ import annotations

import base64
import gzip

from tests.faults.nasty_inputs import MARK, Nasty, text


def claims(inner: str = "", *, before: str = "", part: str = "XML1") -> str:
    """An envelope with one visit; ``inner`` in place of its first part."""
    summary = inner or (
        f"<TONG_HOP><MA_LK>L1</MA_LK><MA_BN>B1</MA_BN><HO_TEN>{MARK}</HO_TEN><GIOI_TINH>1</GIOI_TINH>"
        "<NGAY_SINH>196005170000</NGAY_SINH><MA_BENH_CHINH>I10</MA_BENH_CHINH><NGAY_VAO>202403050800</NGAY_VAO>"
        "<NGAY_RA>202403050900</NGAY_RA><MA_CSKCB>79001</MA_CSKCB><CAN_NANG>60</CAN_NANG></TONG_HOP>"
    )
    return (
        f"{before}<GIAMDINHHS><THONGTINDONVI><MACSKCB>79001</MACSKCB></THONGTINDONVI><THONGTINHOSO><DANHSACHHOSO><HOSO>"
        f"<FILEHOSO><LOAIHOSO>{part}</LOAIHOSO><NOIDUNGFILE>{summary}</NOIDUNGFILE></FILEHOSO></HOSO></DANHSACHHOSO>"
        "</THONGTINHOSO></GIAMDINHHS>"
    )


def encoded(inner: str) -> str:
    return base64.b64encode(inner.encode()).decode()


_BOMB = (
    "<!DOCTYPE x [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{n} '{('&a' + (str(n - 1) if n > 1 else '') + ';') * 10}'>" for n in range(1, 9))
    + "]>"
)
XML = (
    Nasty("a sound claim", "a.xml", text(claims()), "accept"),
    Nasty("a billion laughs", "a.xml", text(claims(before=_BOMB)), "reject", ""),
    Nasty(
        "an external entity",
        "a.xml",
        text(claims(before="<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>")),
        "reject",
        "",
    ),
    Nasty(
        "a DTD inside a part",
        "a.xml",
        text(claims(encoded("<!DOCTYPE x [<!ENTITY e 'x'>]><TONG_HOP/>"))),
        "quarantine",
        "",
    ),
    Nasty("base64 that is none", "a.xml", text(claims("%%%%")), "quarantine", ""),
    Nasty("cut in the middle", "a.xml", lambda: claims().encode()[:200], "reject", ""),
    Nasty("no envelope", "a.xml", text("<a/>"), "ignore", ""),
    Nasty(
        "labelled UTF-16, is UTF-8",
        "a.xml",
        text(claims(before="<?xml version='1.0' encoding='utf-16'?>")),
        "accept",
    ),
    Nasty(
        "a gzip bomb",
        "a.xml.gz",
        lambda: gzip.compress(claims()[:-14].encode() + b" " * 2**30, 9),
        "reject",
        "",
    ),
)
