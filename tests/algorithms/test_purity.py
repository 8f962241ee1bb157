import subprocess
import sys


def test_the_registry_loads_no_scikit_learn_pandas_or_django() -> None:
    program = (
        "import sys, recommendations.algorithms.registry, recommendations.evaluation.evaluate;"
        "print([name for name in ('sklearn', 'pandas', 'django', 'boto3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
