"""Which of Asterisk's modules we load: these and no other."""

from trunkline.core.errors import Misconfigured

_NEEDED = tuple(
    """
res_timing_timerfd res_crypto res_pjproject
res_sorcery_config res_sorcery_memory res_sorcery_memory_cache res_sorcery_astdb res_sorcery_realtime res_config_pgsql
res_http_websocket res_rtp_asterisk res_srtp res_musiconhold
res_pjsip res_pjsip_pubsub res_pjsip_session res_pjsip_sdp_rtp res_pjsip_registrar res_pjsip_nat res_pjsip_path
res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest res_pjsip_outbound_registration
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user
res_pjsip_caller_id res_pjsip_diversion res_pjsip_dtmf_info res_pjsip_header_funcs res_pjsip_rfc3326
res_pjsip_transport_websocket chan_pjsip
chan_bridge_media bridge_simple bridge_native_rtp bridge_softmix bridge_holding bridge_builtin_features
codec_ulaw codec_alaw codec_a_mu codec_g722 codec_resample
format_wav format_pcm format_sln
func_callerid func_channel func_cut func_global func_groupcount func_lock func_logic func_math func_strings func_timeout
res_manager_devicestate
app_bridgewait app_dial app_echo app_exec app_playback app_playtones app_queue app_record app_stack app_userevent
res_speech res_agi
pbx_config
""".split()  # noqa: SIM905 - read as a page
)

_WELCOME = ("codec_opus_open_source", "codec_opus", "codec_gsm", "format_gsm", "res_format_attr_opus")
"""Not in every build of Asterisk; loaded where they are."""


def module_lines(present: frozenset[str] | None) -> str:
    """Return the `load` lines. `present` are the files of the modules folder; None takes those of Debian's package.

    Raises Misconfigured naming every module that we cannot do without and that is not there.
    """
    if present is None:
        present = frozenset(f"{name}.so" for name in (*_NEEDED, *_WELCOME) if name != "codec_opus")
    missing = [name for name in _NEEDED if f"{name}.so" not in present]
    if missing:
        raise Misconfigured(f"this Asterisk was built without {', '.join(missing)}; use Debian's, or build them in")
    welcome = [name for name in _WELCOME if f"{name}.so" in present]
    return "\n".join(f"load = {name}.so" for name in (*_NEEDED, *welcome))
