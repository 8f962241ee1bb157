import subprocess
import sys

IMPORT_ALL = """
import importlib, pkgutil, sys
import experiments.statistics as package
for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(*sorted({"scipy.stats", "scipy.optimize", "pandas", "statsmodels", "django"} & set(sys.modules)))
"""


def test_of_scipy_only_the_special_functions_are_loaded() -> None:
    """A process that serves people also answers for results; the rest of scipy would cost it 50 MB."""
    other = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    assert other.stdout.split() == []
