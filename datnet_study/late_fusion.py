"""Late fusion by a small network: a gate, or attention, says how far each source counts.

Not in the paper, which names it as future work. Every *source* (the image; the clinic as a whole,
or each clinical value) is turned into a vector h_s. Weights a_s that add up to one say how much of
each goes into sum_s a_s h_s, from which a linear layer makes the logits:

- gate: a = softmax(G [h_1, ..., h_S]), each weight from all sources at once (after the gated unit
  of Arevalo et al. 2017, arXiv:1702.01992);
- attention: a = softmax_s(h_s · A q / √d), the query q the mean of the sources that are there (the
  general score of Luong et al. 2015, arXiv:1508.04025, scaled as by Vaswani et al. 2017,
  arXiv:1706.03762).

A source that is not there has the weight 0, and its values have no influence. *Modality dropout*
takes sources away at random during the training (Neverova et al. 2016, arXiv:1501.00102).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from datnet_study.fusion import log_of_probabilities

GATE, ATTENTION = "gate", "attention"
SMALLEST_SD = 1e-6  # a value that is the same in everybody is not divided by its SD


@dataclass(frozen=True)
class LateFusionSettings:
    """How a late fusion is made and learns; chosen on other phantoms (`benchmarks/late_fusion.py`).

    `modality_dropout` is the chance that the image, or one clinical value, is taken away from a
    scan in one step; never all of a scan. `n_members` networks with other first weights have their
    probabilities averaged. A step sees all scans.
    """

    n_hidden: int = 16
    n_members: int = 5
    n_steps: int = 150
    learning_rate: float = 0.01
    weight_decay: float = 0.1
    modality_dropout: float = 0.3
    seed: int = 0


class LateFusion(nn.Module):
    """Networks that join sources, side by side; `fit_late_fusion` makes it.

    Parameters
    ----------
    sources : dict of str to list of str
        Columns of each source; the first is the image, whose columns are there together or not.
    classes : tuple of str
        Diagnoses.
    how : {"gate", "attention"}
        What the weights of the sources come from.
    settings : LateFusionSettings
    """

    def __init__(self, sources, classes, how, settings):
        super().__init__()
        if how not in (GATE, ATTENTION):
            raise ValueError(f"how is {how!r}; expected {GATE!r} or {ATTENTION!r}")
        self.sources, self.classes, self.how = sources, classes, how
        self.feature_names_in_ = [name for columns in sources.values() for name in columns]
        sizes = [len(columns) for columns in sources.values()]
        ends = np.cumsum(sizes)
        self.parts = [slice(end - n, end) for n, end in zip(sizes, ends, strict=True)]
        draw = torch.Generator().manual_seed(settings.seed)
        m, d, n_sources = settings.n_members, settings.n_hidden, len(sources)

        def weights(n_in, n_out):
            drawn = torch.randn(m, n_in, n_out, generator=draw, dtype=torch.float64)
            return nn.Parameter(drawn / np.sqrt(n_in))

        self.embed = nn.ParameterList([weights(n, d) for n in sizes])
        self.name = weights(n_sources, d)  # a bias for each source, by which attention knows it
        self.first = weights(n_sources * d if how == GATE else d, n_sources if how == GATE else d)
        self.head = weights(d, len(classes))
        self.bias = nn.Parameter(torch.zeros(m, 1, len(classes), dtype=torch.float64))
        for name in ("mean", "sd"):
            self.register_buffer(name, torch.zeros(ends[-1], dtype=torch.float64))

    def forward(self, values, known):
        """Logits (m, N, n_classes) and weights of the sources (m, N, n_sources).

        `values` has shape (N, F) and is standardised; `known`, (N, F) or (m, N, F), says what of it
        is there, and the rest has no influence.
        """
        x = torch.where(known, values, 0.0).expand(len(self.head), -1, -1)  # (m, N, F)
        there = torch.stack([known[..., part].any(-1) for part in self.parts], -1)  # (…, N, S)
        there = there.expand(len(self.head), -1, -1)
        h = [
            torch.tanh(x[..., part] @ w + self.name[:, k : k + 1])
            for k, (part, w) in enumerate(zip(self.parts, self.embed, strict=True))
        ]
        h = torch.stack(h, -2) * there[..., None]  # (m, N, S, d)
        score = self._scores(h, there).masked_fill(~there, -torch.inf)
        anything = there.any(-1, keepdim=True)
        share = torch.softmax(score.masked_fill(~anything, 0.0), -1) * anything  # (m, N, S)
        joined = (share[..., None] * h).sum(-2)  # (m, N, d)
        return joined @ self.head + self.bias, share

    def _scores(self, h, there):
        """How much each source asks to count, (m, N, S)."""
        if self.how == GATE:
            return h.flatten(-2) @ self.first
        n_there = there.sum(-1, keepdim=True).clamp(min=1)
        query = (h.sum(-2) / n_there) @ self.first  # (m, N, d)
        return (h * query[..., None, :]).sum(-1) / np.sqrt(h.shape[-1])

    def inputs(self, features):
        """Standardised values (N, F) of a table, and which of them are known."""
        columns = log_of_probabilities(features[self.feature_names_in_])
        x = torch.from_numpy(columns.to_numpy(float, copy=True))
        known = ~torch.isnan(x)
        image = self.parts[0]
        known[:, image] &= known[:, image].all(1, keepdim=True)
        return torch.nan_to_num((x - self.mean) / self.sd), known

    @torch.inference_mode()
    def predict_proba(self, features):
        """Probabilities (n_scans, n_classes) of a table with the columns learned from."""
        logits, _ = self(*self.inputs(features))
        return torch.softmax(logits, -1).mean(0).numpy()

    @torch.inference_mode()
    def source_weights(self, features):
        """How far each source counts, (n_scans, n_sources): not negative, adding up to one."""
        _, share = self(*self.inputs(features))
        return share.mean(0).numpy()


def fit_late_fusion(features, diagnosis, sources, how, settings):
    """Fit a late fusion.

    Values are standardised by the mean and SD of the scans learned from; of a probability, its
    logarithm. A missing value is left out, also from mean and SD.

    Parameters
    ----------
    features : DataFrame of shape (n, n_features)
        As `fusion_features` makes it; it may have other columns besides.
    diagnosis : sequence of str, shape (n,)
        Labels.
    sources : dict of str to list of str
        Columns of each source; the first is the image.
    how : {"gate", "attention"}
    settings : LateFusionSettings

    Returns
    -------
    model : LateFusion
        One column of `predict_proba` per entry of `classes`.
    classes : tuple of str
        Sorted names of the diagnoses.

    Raises
    ------
    ValueError
        If `how` is neither, or if a scan has no known value in any source.
    """
    names, codes = np.unique(np.asarray(diagnosis, dtype=str), return_inverse=True)
    classes, labels = tuple(str(name) for name in names), torch.from_numpy(codes)
    model = LateFusion(sources, classes, how, settings)
    model.mean.zero_(), model.sd.fill_(1.0)
    values, known = model.inputs(features)
    if not known.any(1).all():
        raise ValueError(
            f"{int((~known.any(1)).sum())} scan(s) have no value in any of {list(sources)}; leave "
            "them out"
        )
    _standardise(model, values, known)
    values, _ = model.inputs(features)
    steps = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    draw = torch.Generator().manual_seed(settings.seed + 1)
    targets = labels.repeat(settings.n_members)
    for _ in range(settings.n_steps):
        logits, _ = model(values, _some_taken_away(model, known, settings, draw))
        loss = cross_entropy(logits.flatten(0, 1), targets) * settings.n_members
        steps.zero_grad()
        loss.backward()  # of a sum over networks, so none has to do with another
        steps.step()
    return model.eval(), classes


def without(features, columns):
    """A table in which nobody has a value in some columns.

    Examples
    --------
    >>> import pandas as pd
    >>> without(pd.DataFrame({"p_A": [0.2], "updrs": [30.0]}), ["updrs"])
       p_A  updrs
    0  0.2    NaN
    """
    return features.assign(**dict.fromkeys(columns, np.nan))


def _standardise(model, values, known):
    """Take mean and SD of the known values; 0 and 1 where nobody has any."""
    n = known.sum(0).clamp(min=1)
    mean = torch.where(known, values, 0.0).sum(0) / n
    sd = (torch.where(known, values - mean, 0.0).square().sum(0) / n).sqrt()
    model.mean.copy_(mean)
    model.sd.copy_(torch.where(sd > SMALLEST_SD, sd, 1.0))


def _some_taken_away(model, known, settings, draw):
    """What each network is shown in one step, (m, N, F): without sources at random, but not all."""
    image, n_columns = model.parts[0], known.shape[1]
    n_drawn = 1 + n_columns - image.stop  # the image, and each clinical value
    shape = (settings.n_members, len(known), n_drawn)
    kept = torch.rand(shape, generator=draw, dtype=torch.float64) >= settings.modality_dropout
    first = kept[..., :1].expand(-1, -1, image.stop)
    shown = known & torch.cat([first, kept[..., 1:]], -1)
    return torch.where(shown.any(-1, keepdim=True), shown, known)
