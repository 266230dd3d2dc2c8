"""A certificate for a server of the tests, by the openssl program."""

import subprocess


def make_certificate(folder, name, of="DNS:localhost"):
    """`ca.pem`, an authority, and `NAME.pem` with `NAME.key`, a certificate of it for the names `of`."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=tests of expplat",
            "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text(f"subjectAltName={of}\n", encoding="utf-8")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            f"{name}.pem", "-days", "2", "-extfile", "names")
