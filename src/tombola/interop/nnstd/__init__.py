"""Networks of the sparse topology distance (Liu et al. 2020): folders of sparse matrices, epoch by epoch."""

from tombola.interop.nnstd.importing import FORMAT, import_nnstd

__all__ = ["FORMAT", "import_nnstd"]
