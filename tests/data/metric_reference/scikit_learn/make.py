#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes expected.json: what scikit-learn gives on cases of this folder for definitions that no library's output was at hand for.
#   make.py [FOLDER]     with numpy and scikit-learn (1.2.1 was used); FOLDER has <case>.codes.npy and .factors.npy of inputs.json
# sap_ubisoft_trees: for each latent and factor, GridSearchCV(DecisionTreeClassifier, max_depth 1..9, cv=10) on the latent scaled to
#   0..1, first 1400 rows; training accuracy and depth of the best.
# explicitness_clarken92: LogisticRegression(solver="liblinear", C=1e10) on codes standardised by the first 1400 rows; macro
#   one-against-rest area under the ROC curve of these rows per factor.
# beta_vae_2018: LogisticRegression(solver="liblinear", C=1) on ../beta_vae_points: weights (factors, latents) of all training
#   points, and of those of factors 0 and 1.
import json
import sys

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import minmax_scale
from sklearn.tree import DecisionTreeClassifier

folder = sys.argv[1] if len(sys.argv) > 1 else "."
result = {"scikit_learn": sklearn.__version__, "rows": 1400, "sap_ubisoft_trees": {}, "explicitness_clarken92": {}}
for case in ["perfect_S", "rotated45_noisy_S", "two_in_one_S", "duplicate_noisy_S", "noise_D", "dead_S"]:
    codes = np.load(f"{folder}/{case}.codes.npy")[:1400]
    factors = np.load(f"{folder}/{case}.factors.npy")[:1400]
    scaled = minmax_scale(codes)
    accuracy, depth = [], []
    for latent in range(codes.shape[1]):
        a, d = [], []
        for factor in range(factors.shape[1]):
            x, y = scaled[:, [latent]], factors[:, factor]
            search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": list(range(1, 10))}, cv=10).fit(x, y)
            a.append(search.best_estimator_.score(x, y))
            d.append(search.best_params_["max_depth"])
        accuracy.append(a)
        depth.append(d)
    result["sap_ubisoft_trees"][case] = {"accuracy_LxK": accuracy, "depth_LxK": depth}
    if case in ("rotated45_noisy_S", "two_in_one_S"):
        standard = (codes - codes.mean(0)) / codes.std(0)
        areas = []
        for factor in range(factors.shape[1]):
            y = factors[:, factor]
            fitted = LogisticRegression(solver="liblinear", C=1e10, tol=1e-9, max_iter=10000).fit(standard, y)
            areas.append(roc_auc_score(np.eye(y.max() + 1)[y], fitted.predict_proba(standard), average="macro"))
        result["explicitness_clarken92"][case] = {"per_factor_train": areas}
points = np.loadtxt("../beta_vae_points/rotated45_noisy_S.train.csv", delimiter=",", skiprows=1)
x, y = points[:, 1:], points[:, 0].astype(int)
fit = lambda rows: LogisticRegression(solver="liblinear", tol=1e-10, max_iter=10000).fit(x[rows], y[rows]).coef_.tolist()
result["beta_vae_2018"] = {"rotated45_noisy_S": {"coef": fit(y >= 0), "coef_of_two": fit(y <= 1)}}
with open("expected.json", "w") as out:
    json.dump(result, out, indent=1)
