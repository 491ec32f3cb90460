# SPDX-License-Identifier: Apache-2.0
"""DCI with scikit-learn's GradientBoostingClassifier, as disentanglement_lib defines it.

    scikit_learn_dci.py make DIR      writes DIR/z.npy, codes (15000, 10), and DIR/y.npy, factors (15000, 5)
    scikit_learn_dci.py fit DIR       scores them, prints times, D, C, I; writes DIR/importance_scikit_learn.npy
    scikit_learn_dci.py difference A B    largest difference of two importance matrices

Codes like a trained model's on dSprites: latents 0 to 4 follow a factor with noise, latent 0 takes in the
second factor too, 5 to 9 are noise. As with an encoder, equal images have equal codes, in single precision.
"""
import resource
import sys
import time
from pathlib import Path

import numpy as np

FACTORS = {"shape": 3, "scale": 6, "orientation": 40, "x": 32, "y": 32}
LATENTS = 10
ROWS = 15000
TRAIN_ROWS = 10000


def make(folder):
    sizes = np.array(list(FACTORS.values()))
    random = np.random.default_rng(0)
    image = random.integers(sizes.prod(), size=ROWS)  # with replacement, as disentanglement_lib draws
    factors = np.stack(np.unravel_index(image, sizes), axis=1)
    codes = random.standard_normal((sizes.prod(), LATENTS))[image]
    codes *= np.where(np.arange(LATENTS) < len(sizes), 0.05, 0.5)
    codes[:, : len(sizes)] += factors / (sizes - 1) - 0.5
    codes[:, 0] += codes[:, 1]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "z.npy", codes.astype(np.float32))
    np.save(folder / "y.npy", factors.astype(np.int32))


def concentration(matrix):
    """1 - entropy of each column, to the base of its length; the mean by the columns' weights."""
    p = matrix + 1e-11
    p = p / p.sum(axis=0)
    each = 1 + (p * np.log(p)).sum(axis=0) / np.log(len(matrix))
    return (each * matrix.sum(axis=0)).sum() / matrix.sum()


def fit(folder):
    import sklearn
    from sklearn.ensemble import GradientBoostingClassifier

    z, y = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    train, test = slice(0, TRAIN_ROWS), slice(TRAIN_ROWS, None)
    importance = np.zeros((z.shape[1], y.shape[1]))
    train_accuracy, test_accuracy, wall, user = [], [], 0.0, 0.0
    for k, name in enumerate(FACTORS):
        wall_before, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        model = GradientBoostingClassifier(random_state=0).fit(z[train], y[train, k])
        importance[:, k] = np.abs(model.feature_importances_)
        train_accuracy.append(np.mean(model.predict(z[train]) == y[train, k]))
        test_accuracy.append(np.mean(model.predict(z[test]) == y[test, k]))
        wall_now = time.perf_counter() - wall_before
        user_now = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before.ru_utime
        wall, user = wall + wall_now, user + user_now
        print(f"factor={name} program=scikit_learn wall_s={wall_now:.2f} user_s={user_now:.2f} "
              f"test_accuracy={test_accuracy[-1]:.4f}", flush=True)
    np.save(folder / "importance_scikit_learn.npy", importance)
    print(f"program=scikit_learn version={sklearn.__version__} threads=1 wall_s={wall:.2f} user_s={user:.2f} "
          f"disentanglement={concentration(importance.T):.6f} completeness={concentration(importance):.6f} "
          f"informativeness_test={np.mean(test_accuracy):.6f} informativeness_train={np.mean(train_accuracy):.6f}", flush=True)


def main(arguments):
    match arguments:
        case ["make", folder]:
            make(Path(folder))
        case ["fit", folder]:
            fit(Path(folder))
        case ["difference", one, other]:
            print(f"largest difference of importances: {np.abs(np.load(one) - np.load(other)).max():.4f}")
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
