"""The primitives of docs/protocol-security.md in pure Python: X25519, Ed25519, XSalsa20-Poly1305, XChaCha20-Poly1305 and what
NaCl builds of them. Written from the RFCs, without libsodium, to check the C side independently. Not constant in time: for tests only."""
import hashlib
import hmac
import struct

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


class Refused(Exception):
    """The bytes are not what they claim to be."""


def insist(condition, reason):
    if not condition:
        raise Refused(reason)


def blake2b(message, size=32, key=b""):
    return hashlib.blake2b(message, digest_size=size, key=key).digest()


def hmac_sha512_256(key, message):
    """crypto_auth: HMAC-SHA-512, the first 32 bytes."""
    return hmac.new(key, message, hashlib.sha512).digest()[:32]


# X25519, RFC 7748

def x25519(scalar, u):
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k = int.from_bytes(k, "little")
    x1 = int.from_bytes(u, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b = (x2 + z2) % P, (x2 - z2) % P
        aa, bb = a * a % P, b * b % P
        e = (aa - bb) % P
        da, cb = (x3 - z3) * a % P, (x3 + z3) * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    result = (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")
    insist(any(result), "a point of small order")
    return result


def x25519_public(secret):
    return x25519(secret, b"\x09" + bytes(31))


def box_seed_keypair(seed):
    """crypto_box_seed_keypair: (public, secret)."""
    secret = hashlib.sha512(seed).digest()[:32]
    return x25519_public(secret), secret


# Ed25519, RFC 8032

def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def point_decode(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    insist(y < P, "a point that is not canonical")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_M1 % P
    insist((x * x - square) % P == 0, "no point of the curve")
    insist(x or not sign, "a point that is not canonical")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def sign_expand(seed):
    digest = hashlib.sha512(seed).digest()
    a = bytearray(digest[:32])
    a[0] &= 248
    a[31] = a[31] & 127 | 64
    return int.from_bytes(a, "little"), digest[32:]


def sign_public(seed):
    return point_encode(point_multiply(sign_expand(seed)[0], BASE))


def sign(seed, message):
    a, prefix = sign_expand(seed)
    public = sign_public(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    commitment = point_encode(point_multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % L
    return commitment + ((r + k * a) % L).to_bytes(32, "little")


def verify(public, message, signature):
    """Refuses S beyond the order and keys or commitments of small order, as libsodium does."""
    insist(len(signature) == 64, "a signature of another size")
    s = int.from_bytes(signature[32:], "little")
    insist(s < L, "a signature that is not canonical")
    key = point_decode(public)
    for point in (key, point_decode(signature[:32])):
        insist(point_encode(point_multiply(8, point)) != point_encode((0, 1, 1, 0)), "a point of small order")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    right = point_add(point_decode(signature[:32]), point_multiply(k, key))
    insist(point_encode(point_multiply(s, BASE)) == point_encode(right), "a signature that does not fit")


# Salsa20 and ChaCha20

def rotate(value, count):
    return (value << count | value >> 32 - count) & 0xFFFFFFFF


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
SALSA_ROUNDS = [(0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11), (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)]
CHACHA_ROUNDS = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]


def salsa_rounds(state):
    x = list(state)
    for _ in range(10):
        for a, b, c, d in SALSA_ROUNDS:
            x[b] ^= rotate(x[a] + x[d] & 0xFFFFFFFF, 7)
            x[c] ^= rotate(x[b] + x[a] & 0xFFFFFFFF, 9)
            x[d] ^= rotate(x[c] + x[b] & 0xFFFFFFFF, 13)
            x[a] ^= rotate(x[d] + x[c] & 0xFFFFFFFF, 18)
    return x


def chacha_rounds(state):
    x = list(state)
    for _ in range(10):
        for a, b, c, d in CHACHA_ROUNDS:
            x[a] = x[a] + x[b] & 0xFFFFFFFF
            x[d] = rotate(x[d] ^ x[a], 16)
            x[c] = x[c] + x[d] & 0xFFFFFFFF
            x[b] = rotate(x[b] ^ x[c], 12)
            x[a] = x[a] + x[b] & 0xFFFFFFFF
            x[d] = rotate(x[d] ^ x[a], 8)
            x[c] = x[c] + x[d] & 0xFFFFFFFF
            x[b] = rotate(x[b] ^ x[c], 7)
    return x


def salsa_state(key, middle):
    k, c, m = struct.unpack("<8I", key), CONSTANTS, struct.unpack("<4I", middle)
    return [c[0], *k[:4], c[1], *m, c[2], *k[4:], c[3]]


def hsalsa20(key, nonce):
    x = salsa_rounds(salsa_state(key, nonce))
    return struct.pack("<8I", *(x[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


def xsalsa20(key, nonce, size):
    """The key stream."""
    subkey, stream, counter = hsalsa20(key, nonce[:16]), b"", 0
    while len(stream) < size:
        state = salsa_state(subkey, nonce[16:24] + struct.pack("<Q", counter))
        stream += struct.pack("<16I", *(a + b & 0xFFFFFFFF for a, b in zip(state, salsa_rounds(state))))
        counter += 1
    return stream[:size]


def hchacha20(key, nonce):
    x = chacha_rounds([*CONSTANTS, *struct.unpack("<8I", key), *struct.unpack("<4I", nonce)])
    return struct.pack("<8I", *x[:4], *x[12:])


def chacha20(key, nonce, counter, size):
    stream = b""
    while len(stream) < size:
        state = [*CONSTANTS, *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
        stream += struct.pack("<16I", *(a + b & 0xFFFFFFFF for a, b in zip(state, chacha_rounds(state))))
        counter += 1
    return stream[:size]


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i:i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:32], "little") & 2**128 - 1).to_bytes(16, "little")


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


def secretbox(key, nonce, message):
    stream = xsalsa20(key, nonce, 32 + len(message))
    sealed = xor(message, stream[32:])
    return poly1305(stream[:32], sealed) + sealed


def secretbox_open(key, nonce, sealed):
    insist(len(sealed) >= 16, "a box that is too short")
    stream = xsalsa20(key, nonce, 32 + len(sealed) - 16)
    insist(hmac.compare_digest(poly1305(stream[:32], sealed[16:]), sealed[:16]), "a tag that does not fit")
    return xor(sealed[16:], stream[32:])


def box_key(secret, public):
    return hsalsa20(x25519(secret, public), bytes(16))


def box_seal(public, message, ephemeral_secret):
    """crypto_box_seal, with the ephemeral key that libsodium would draw."""
    ephemeral = x25519_public(ephemeral_secret)
    return ephemeral + secretbox(box_key(ephemeral_secret, public), blake2b(ephemeral + public, 24), message)


def box_seal_open(public, secret, sealed):
    insist(len(sealed) >= 48, "a sealed box that is too short")
    ephemeral = sealed[:32]
    return secretbox_open(box_key(secret, ephemeral), blake2b(ephemeral + public, 24), sealed[32:])


def aead_tag(key, nonce, additional, sealed):
    def padded(data):
        return data + bytes(-len(data) % 16)
    return poly1305(chacha20(key, nonce, 0, 32), padded(additional) + padded(sealed) + struct.pack("<QQ", len(additional), len(sealed)))


def xchacha20poly1305(key, nonce, additional, message):
    subkey, short = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    sealed = xor(message, chacha20(subkey, short, 1, len(message)))
    return sealed + aead_tag(subkey, short, additional, sealed)


def xchacha20poly1305_open(key, nonce, additional, data):
    insist(len(data) >= 16, "a frame that is too short")
    subkey, short = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    sealed, tag = data[:-16], data[-16:]
    insist(hmac.compare_digest(aead_tag(subkey, short, additional, sealed), tag), "a tag that does not fit")
    return xor(sealed, chacha20(subkey, short, 1, len(sealed)))
