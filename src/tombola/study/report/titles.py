"""What the tables at the end of a report hold, in words."""

from typing import Final

VALID: Final = {
    "pairs": "Votes of every pair",
    "shares": "Share of decisive votes for the first of a pair, clustered by person and image, and as if independent",
    "share_intervals": "Bootstrap intervals of the shares, by what is resampled",
    "share_images": "The image as the unit: on how many the first of a pair won",
    "class_heterogeneity": "Do classes differ? Tested before any single class",
    "class_shares": "Shares by class; p only where classes differ",
    "strengths": "Strengths of the conditions (natural logarithm), and tie parameters",
    "strength_fits": "How well the models of strength fit",
    "mixed": "Mixed multinomial model of every pair, with effects of people and images",
    "mixed_spreads": "Do people and images differ? Standard deviations of the mixed model, each tested against 0",
    "recognition": "Recognition by condition: right, wrong, abstained",
    "recognition_differences": "Differences in recognition between conditions",
    "recognition_majority": "What most raters of a picture said",
    "recognition_tests": "Recognition: are all conditions alike?",
    "task_accuracy": "Right answers in the other tasks, against chance",
    "trust": "Trust in right and in wrong predictions",
    "change": "What seeing the explanation changed",
    "agreement": "Krippendorff's alpha, nominal, with a bootstrap interval over pictures",
    "checks": "Attention checks and repeated questions",
    "gold": "Attention checks by participant",
    "dose_contrasts": "Change with the logarithm of the compression rate",
    "dose_means": "Means by compression rate",
    "sensitivity": "Every result under every quality filter",
    "tests": "Every test: its family, raw and adjusted p, and its standing",
}
"""Name of a table of the valid analysis -> its title."""

PUBLISHED: Final = {
    "pairs": "As published: each pair against 50:50, ties dropped",
    "classes": "As published: votes by class",
    "heterogeneity": "As published: contingency tests of votes",
    "sides": "As published: who stood left, and which side won",
    "accuracy": "As published: recognition by condition and class",
    "recognition_tests": "As published: contingency tests of right answers",
    "plurality": "As published: pictures that a strict plurality got right",
    "agreement": "As published: alpha over sides",
    "workers": "How answers spread over people",
}
"""Name of a table of the published analysis -> its title."""
