"""The settings of a study as a page sees them: those that it declares, and no other."""

from datnet_study.declaration import line_of, setting


def declared_settings(declaration, study):
    """The settings that a page declares, nested as in the study file.

    Parameters
    ----------
    declaration : Declaration
    study : Study

    Returns
    -------
    SettingsView
        With `patients` and `compared` where `diagnoses` and `control` are declared.
    """
    top, sections = {}, {}
    for name in declaration.settings:
        setting(study.model_dump(), name, declaration.source)  # there is one of this name
        section, _, key = name.rpartition(".")
        if section:
            sections.setdefault(section, {})[key] = getattr(getattr(study, section), key)
        else:
            top[name] = getattr(study, name)
    for section, values in sections.items():
        top.setdefault(section, SettingsView(values, f"{section}.", declaration.source))
    if {"diagnoses", "control"} <= set(top):
        top |= {"patients": study.patients, "compared": study.compared}
    return SettingsView(top, "", declaration.source)


class SettingsView:
    """Declared settings by attribute; any other is an error that names the line to edit."""

    def __init__(self, values, prefix, source):
        self.__dict__.update(values)
        self.__dict__.update(_prefix=prefix, _source=source)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"page {self._source.stem} uses the setting `{self._prefix}{name}`, which its header "
            f"does not declare; add it to `settings` ({line_of(self._source, 'settings')})"
        )
