"""What training and prediction run on: CPU or accelerator, how many, and with which numbers."""

from contextlib import nullcontext

import torch


def fabric_of(training):
    """What carries out accelerator, number of devices and number type.

    Parameters
    ----------
    training : TrainingSettings

    Returns
    -------
    lightning_fabric.Fabric

    Raises
    ------
    RuntimeError
        If the accelerator is not there.
    """
    from lightning_fabric import Fabric  # 2 s of imports, which prediction does without
    from lightning_fabric.plugins.environments import LightningEnvironment

    try:
        return Fabric(
            accelerator=training.accelerator,
            devices=training.devices,
            precision=training.precision,
            # Forked processes share the memory map; a notebook allows no other kind.
            strategy="ddp_fork" if training.devices > 1 else "auto",
            plugins=LightningEnvironment(),  # no look for Slurm: a job of it is one of these too
        )
    except RuntimeError as error:
        raise RuntimeError(
            f"training.accelerator is {training.accelerator!r}, expected one that this machine "
            f"has ({error}); set it to 'auto' or 'cpu'"
        ) from error


def device_of(accelerator):
    """Device that finished models compute on.

    Parameters
    ----------
    accelerator : {"auto", "cpu", "gpu"}
        As `training.accelerator`; `auto` takes an accelerator where there is one.

    Returns
    -------
    torch.device

    Raises
    ------
    RuntimeError
        If the accelerator is not there.

    Examples
    --------
    >>> device_of("cpu")
    device(type='cpu')
    """
    there = torch.accelerator.is_available()
    if accelerator == "gpu" and not there:
        raise RuntimeError(
            "training.accelerator is 'gpu', but PyTorch sees none on this machine; set it to "
            "'auto' or 'cpu', or install a PyTorch that knows the accelerator"
        )
    if accelerator == "cpu" or not there:
        return torch.device("cpu")
    return torch.accelerator.current_accelerator()


def sound_convolutions(fabric, training):
    """Context without oneDNN where the CPU computes in bfloat16.

    There (torch 2.13), its gradient of the weights takes in memory that was never written, if a map
    has two voxels along an axis: other numbers in every run, or none.

    Parameters
    ----------
    fabric : lightning_fabric.Fabric
    training : TrainingSettings

    Returns
    -------
    context manager
    """
    if fabric.device.type == "cpu" and training.precision == "bf16-mixed":
        return torch.backends.mkldnn.flags(enabled=False, allow_tf32=None)
    return nullcontext()
