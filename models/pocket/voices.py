"""The voices: espeak-ng's Spanish timbres, their split, and generated timbres.

usage: python voices.py DIR     copies espeak-ng's data there and adds 100 timbres

Every timbre exists for es and es-419. Families of near-identical timbres stay
on one side of the split; whole timbres are held out, in both accents.
"""
import argparse
import functools
import os
import random
import shutil

INSTALLED = "/usr/lib/x86_64-linux-gnu/espeak-ng-data"
ACCENTS = ("es", "es-419")
TEST = ["es+f4", "es-419+m7", "es+Henrique", "es-419+Marco",
        "es+travis", "es-419+anika", "es+sandro", "es-419+Lee"]
DEV = ["es+zac", "es-419+steph2"]
STRESS = ["whisper", "whisperf", "croak", "Demonic", "grandpa"]   # hardly voiced: in no set
GENERATED = 100            # espeak-ng 1.51 lists at most 349 voices, ours and its own
KEPT = ["phondata", "phonindex", "phontab", "intonations", "voices/!v"]
KEPT += [f"{language}_dict" for language in ("es", "en", "fr", "de", "it", "pt")]
KEPT += [f"lang/roa/{name}" for name in ("es", "es-419", "fr", "it", "pt", "pt-BR")]
KEPT += [f"lang/gmw/{name}" for name in ("en", "en-US", "de")]
GENERATED_SEED = 5


def timbre(voice):
    """Returns the timbre of a voice name such as es-419+Lee."""
    return voice.partition("+")[2]


def generated_names():
    """Returns the names of the generated timbres."""
    return [f"r{i:03d}" for i in range(GENERATED)]


@functools.cache
def train_voices():
    """Returns (natural, generated): the training voices that espeak-ng ships, and ours."""
    held = {timbre(v) for v in TEST + DEV} | set(STRESS)
    shipped = [""] + sorted(os.listdir(os.path.join(INSTALLED, "voices", "!v")))
    natural = [accent + ("+" + name if name else "")
               for accent in ACCENTS for name in shipped if name not in held]
    generated = [f"{accent}+{name}" for accent in ACCENTS for name in generated_names()]
    return natural, generated


def write_generated(folder):
    """Writes the generated timbres: random formants, pitch, tone, voicing and roughness."""
    rng = random.Random(GENERATED_SEED)
    for name in generated_names():
        with open(os.path.join(folder, name), "w", encoding="ascii") as out:
            out.write("\n".join(_variant(rng, name)) + "\n")


def _variant(rng, name):
    """Returns the lines of one voice file; the first two formants move independently."""
    u = rng.uniform
    lines = ["language variant", f"name {name}", f'gender {rng.choice(["male", "female"])}']
    low = u(55, 300)
    lines.append(f"pitch {low:.0f} {low * u(1.15, 1.9):.0f}")
    for k in range(9):
        scale = u(60, 135) if k in (1, 2) else u(70, 130)
        strength = u(50, 170) if k < 6 else u(0, 150)
        lines.append(f"formant {k} {scale:.0f} {strength:.0f} {u(70, 180):.0f}")
    if rng.random() < .4:
        lines.append(f"tone {u(300, 700):.0f} {u(100, 255):.0f} {u(900, 1500):.0f} "
                     f"{u(60, 200):.0f} {u(2500, 3500):.0f} {u(30, 120):.0f}")
    lines += [f"voicing {u(30, 200):.0f}", f"consonants {u(60, 180):.0f} {u(40, 180):.0f}",
              f"flutter {rng.randint(0, 6)}", f"roughness {rng.randint(0, 4)}"]
    if rng.random() < .2:
        lines.append(f"echo {u(10, 80):.0f} {u(10, 60):.0f}")
    return lines


def prepare(folder):
    """Makes folder/espeak-ng-data: what we need of espeak-ng's data, and the generated timbres."""
    data = os.path.join(folder, "espeak-ng-data")
    if os.path.isdir(data):
        return folder
    part = f"{data}.{os.getpid()}"
    for name in KEPT:
        source, target = os.path.join(INSTALLED, name), os.path.join(part, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        (shutil.copytree if os.path.isdir(source) else shutil.copyfile)(source, target)
    write_generated(os.path.join(part, "voices", "!v"))
    os.rename(part, data)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir")
    print(prepare(parser.parse_args().dir))
