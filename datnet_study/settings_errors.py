"""Errors of pydantic in the words of a study file."""

from dataclasses import fields

from datnet_core.settings import NetworkSettings, TrainingSettings

RENAMED = {  # a key of older study files, and what to write
    ("training", "pretrain"): "write pretrain_on: cohort for true, and pretrain_on: none for false"
}
SECTIONS_OF_THE_CORE = {"network": NetworkSettings, "training": TrainingSettings}


def explain(error, above=()):
    """Errors of settings, each as its keys and `key: what was expected, what was found`.

    Parameters
    ----------
    error : pydantic.ValidationError
    above : tuple of str
        Keys above the settings that were checked.

    Returns
    -------
    list of (tuple, str)
        Keys from the top down and the message.
    """
    return [_explain(item, above) for item in error.errors()]


def _explain(item, above):
    """One error of pydantic."""
    keys = (*above, *(part for part in item["loc"] if part != "[key]"))
    name = ".".join(map(str, keys)) or "study"
    if item["type"] == "extra_forbidden":
        text = f"{name}: unknown key; expected one of {', '.join(item['input'])}"
    elif keys[-2:] in RENAMED:
        text = f"{name}: this key has another name now; {RENAMED[keys[-2:]]}"
    elif item["type"] == "unexpected_keyword_argument":
        known = fields(SECTIONS_OF_THE_CORE[keys[-2]])
        text = f"{name}: unknown key; expected one of {', '.join(field.name for field in known)}"
    elif item["type"] == "missing":
        text = f"{name}: missing"
    elif item["type"] == "value_error":
        text = ".".join(map(str, (*keys, item["ctx"]["error"])))
    elif item["type"] in ("dataclass_type", "model_type"):
        text = f"{name}: expected `key: value` lines, found {item['input']!r}"[:300]
    else:
        text = f"{name}: {item['msg']}, found {item['input']!r}"[:300]
    return keys, text
