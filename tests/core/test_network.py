"""DAT-Net: parameter count by hand, shapes on uneven volumes, the effect of every option."""

import inspect

import pytest
import torch
from random_networks import randomised
from torch.nn.functional import cross_entropy

from datnet_core.network import DATNet, Ensemble, build, last_grid
from datnet_core.saliency.decomposition import completeness_gap, full_gradients
from datnet_core.saliency.maps import saliency_map
from datnet_core.settings import NetworkSettings

SHAPE = (17, 18, 19)
DEFAULTS = {"n_filters": 4, "n_levels": 2, "normalisation": "batch", "dropout": 0.3}
CHANGES = {"n_filters": 6, "n_levels": 3, "normalisation": "instance", "dropout": 0.6}


def network(n_classes=3, **options):
    """A network whose random weights depend on its layout alone."""
    torch.manual_seed(11)
    return DATNet(n_classes, **{**DEFAULTS, **options})


def batch(n=2, shape=SHAPE):
    return torch.rand(n, 1, *shape, generator=torch.Generator().manual_seed(5)) + 0.5


def n_parameters(model):
    return sum(p.numel() for p in model.parameters())


def test_the_published_layout_has_the_parameters_counted_by_hand():
    # Stem: 5^3 * 1 * 64 = 8,000 weights, scale and shift 2 * 64 -> 8,128.
    # Residual pair of n filters: 2 * (27 n^2 + 2n) -> 221,440 (64), 885,248 (128),
    # 3,539,968 (256), 14,157,824 (512). Strided convolution n -> 2n: 27 * 2n^2 + 4n, which is
    # the pair's number: 221,440 + 885,248 + 3,539,968. Head: 512 * 4 + 4 = 2,052.
    # 8,128 + 2 * (221,440 + 885,248 + 3,539,968) + 14,157,824 + 2,052 = 23,461,316.
    assert n_parameters(DATNet(4, 64, 4, "instance")) == 23_461_316
    assert n_parameters(DATNet(4, 64, 4, "batch")) == 23_461_316


def test_an_uneven_volume_gives_one_logit_per_diagnosis():
    assert network(5).eval()(batch(2)).shape == (2, 5)


def test_every_axis_is_reduced_on_its_own():
    # 16 x 24 x 40 halved by stem, pooling and the second stack: 2 x 3 x 5.
    model = network()
    x = batch(2, (16, 24, 40))
    assert model.encoder(model.pool(model.stem(x))).shape == (2, 8, 2, 3, 5)


@pytest.mark.parametrize("axis", [2, 3, 4])
def test_mirroring_one_axis_equals_mirroring_its_kernels(axis):
    # Odd sizes with a remainder of 1 by 8 stay centred under stride, so the outputs must agree;
    # kernels have the axes of the volume.
    model, x = network().eval(), batch(2, (17, 25, 33))
    expected = model(x)
    for weights in model.parameters():
        if weights.ndim == 5:
            weights.data = weights.data.flip(axis)
    torch.testing.assert_close(model(x.flip(axis)), expected)
    assert not torch.allclose(model(x), expected, atol=1e-6)


@pytest.mark.parametrize("option", CHANGES)
def test_every_option_changes_the_output(option):
    x = batch(4)
    outputs = []
    for options in ({}, {option: CHANGES[option]}):
        model = network(**options).train()
        torch.manual_seed(1)
        outputs.append(model(x))
    assert not torch.allclose(*outputs, atol=1e-4)


def test_every_option_is_among_the_tested_ones():
    options = set(inspect.signature(DATNet).parameters) - {"n_classes"}
    assert options == set(CHANGES)


@pytest.mark.parametrize("option", ["n_filters", "n_levels"])
def test_layout_options_change_the_number_of_parameters(option):
    assert n_parameters(network(**{option: CHANGES[option]})) > n_parameters(network())


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(ValueError, match="'layer'; expected one of batch, instance"):
        network(normalisation="layer")


def test_dropout_acts_in_training_mode_only():
    model, x = network(), batch(4)
    model.train()
    assert not torch.allclose(model(x), model(x), atol=1e-4)
    model.eval()
    assert torch.equal(model(x), model(x))
    assert torch.equal(network(dropout=0.0).eval()(x), network(dropout=0.9).eval()(x))


@pytest.mark.parametrize("normalisation", ["batch", "instance"])
def test_a_scan_does_not_depend_on_its_neighbours_in_evaluation(normalisation):
    model, x = network(normalisation=normalisation), batch(5)
    with torch.no_grad():
        for _ in range(3):
            model(x)  # running statistics away from their start
    model.eval()
    alone = torch.cat([model(scan[None]) for scan in x])
    torch.testing.assert_close(model(x), alone, rtol=1e-4, atol=1e-5)


def test_batch_normalisation_does_depend_on_the_neighbours_in_training():
    model, x = network(dropout=0.0).train(), batch(4)
    assert not torch.allclose(model(x)[:2], model(x[:2]), atol=1e-3)


def test_instance_normalisation_ignores_the_scale_of_a_scan_and_batch_does_not():
    x = batch(2)
    for normalisation, same in (("instance", True), ("batch", False)):
        model = network(normalisation=normalisation).eval()
        assert torch.allclose(model(x), model(3 * x), atol=1e-2) == same


@pytest.mark.parametrize("normalisation", ["batch", "instance"])
def test_it_learns_eight_volumes_by_heart(normalisation):
    model = network(4, n_filters=8, dropout=0.0, normalisation=normalisation)
    x, y = batch(8, (20, 22, 18)), torch.arange(8) % 4
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(60):
        loss = cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    assert (model(x).argmax(1) == y).all()
    assert cross_entropy(model(x), y) < 0.1


def test_no_module_is_used_twice():
    # Full gradients are taken module by module.
    model, calls = network(), []
    for module in model.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda module, *_: calls.append(module))
    model(batch())
    assert len(calls) == len(set(calls))


@pytest.mark.parametrize("shape", [(17, 18, 19), (13, 14, 11), (22, 20, 17), (40, 48, 35)])
@pytest.mark.parametrize("n_levels", [1, 3])
def test_the_last_grid_is_that_of_the_network(shape, n_levels):
    model = DATNet(2, 1, n_levels)
    found = model.encoder(model.pool(model.stem(batch(2, shape)))).shape[2:]
    assert tuple(found) == last_grid(shape, n_levels)


def test_the_steps_of_the_public_code_come_first_and_keep_full_gradients_complete():
    settings = NetworkSettings(n_filters=4, n_levels=2, standardised=True, resized_to=(21, 14, 16))
    torch.manual_seed(3)
    model = build(3, settings).eval()
    x = batch(2)
    resized = torch.nn.functional.interpolate(x, (21, 14, 16), mode="trilinear")
    mean = resized.mean((2, 3, 4), keepdim=True)
    sd = resized.std((2, 3, 4), keepdim=True, correction=0)
    torch.testing.assert_close(model(x), model[-1]((resized - mean) / sd), atol=1e-4, rtol=1e-4)
    # Brightness of the whole image is gone.
    torch.testing.assert_close(model(2 * x + 1), model(x), atol=1e-3, rtol=1e-3)
    gap = completeness_gap(full_gradients(model.double(), x.double(), [0, 2]))
    assert gap.max() < 1e-10


def test_full_gradients_of_an_ensemble_are_complete_and_its_logit_the_mean():
    models = [network(), DATNet(3, **DEFAULTS)]
    both = randomised(Ensemble(models))  # every bias counts
    x = batch(2).double()
    torch.testing.assert_close(both(x), (models[0](x) + models[1](x)) / 2)
    assert completeness_gap(full_gradients(both, x, [1, 2])).max() < 1e-10


def test_an_ensemble_of_both_sides_takes_a_scan_for_its_mirror_image():
    models = [network(), DATNet(3, **DEFAULTS)]
    plain = Ensemble(models).eval().double()
    both = Ensemble(models, both_sides=True).eval().double()
    x = batch(2).double()
    torch.testing.assert_close(both(x), (plain(x) + plain(x.flip(2))) / 2)
    torch.testing.assert_close(both(x), both(x.flip(2)))
    assert not torch.allclose(plain(x), plain(x.flip(2)))


@pytest.mark.parametrize("postprocess", ["published", "complete"])
def test_the_map_of_a_mirror_image_is_the_mirrored_map(postprocess):
    both = randomised(Ensemble([network(), DATNet(3, **DEFAULTS)], both_sides=True))
    x = batch(2).double()
    terms, turned = (full_gradients(both, volumes, [1, 2]) for volumes in (x, x.flip(2)))
    assert max(completeness_gap(terms).max(), completeness_gap(turned).max()) < 1e-10
    shape = x.shape[2:]
    straight = saliency_map(terms, shape, postprocess)
    torch.testing.assert_close(saliency_map(turned, shape, postprocess), straight.flip(1))
    assert not torch.allclose(straight, straight.flip(1))


def test_maps_after_an_interrupted_look_at_the_mirror_image_are_right():
    both = randomised(Ensemble([network()], both_sides=True))
    x, shape = batch(2).double(), SHAPE
    expected = saliency_map(full_gradients(both, x, [1, 2]), shape)
    calls = iter([None, KeyboardInterrupt()])  # the second is the look at the mirror image

    def interrupt(*_):
        if error := next(calls):
            raise error

    handle = both.networks[0].head.register_forward_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        both(x)
    handle.remove()
    torch.testing.assert_close(saliency_map(full_gradients(both, x, [1, 2]), shape), expected)
