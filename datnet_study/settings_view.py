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
        With what follows from declared settings alone, such as `patients`.
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
        kind = type(getattr(study, section))
        top.setdefault(section, SettingsView(kind, values, f"{section}.", declaration.source))
    return SettingsView(type(study), top, "", declaration.source)


class SettingsView:
    """Declared settings by attribute; any other is an error that names the line to edit.

    A property of the settings is there as well, and reads from the declared ones.
    """

    def __init__(self, kind, values, prefix, source):
        self.__dict__.update(values)
        self.__dict__.update(_kind=kind, _prefix=prefix, _source=source)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        derived = getattr(self._kind, name, None)
        if isinstance(derived, property):
            return derived.fget(self)
        raise AttributeError(
            f"page {self._source.stem} uses the setting `{self._prefix}{name}`, which its header "
            f"does not declare; add it to `settings` ({line_of(self._source, 'settings')})"
        )
