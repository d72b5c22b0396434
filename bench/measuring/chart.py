"""Line charts as SVG files: evenly spaced labelled points, a spread at each, one line a series."""
import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 64, 56
# Told apart without colours too: the order of colours, dashes and the shapes of points.
COLOURS = ["#0b5fa5", "#c2410c", "#15803d", "#7e22ce"]
DASHES = ["", "7 4", "2 4", "9 3 2 3"]
# From here the largest value is so many times the smallest that a straight scale hides the small.
LOGARITHMIC_FROM = 20


@dataclass
class Series:
    name: str
    points: list                # (index of the label, middle, smallest, largest)


def round_steps(top):
    """Marks from 0 to at least `top`, about six of them."""
    rough = top / 6
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    return [step * i for i in range(math.ceil(top / step) + 1)]


def powers(bottom, top):
    """Marks 1, 2, 5, 10, ... around everything between."""
    marks = [factor * 10.0 ** power for power in range(-2, 9) for factor in (1, 2, 5)]
    first = max(i for i, mark in enumerate(marks) if mark <= bottom)
    last = min(i for i, mark in enumerate(marks) if mark >= top)
    return marks[first:last + 1]


def shape(index, x, y, colour):
    if index % 2 == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    return (f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>')


def text(x, y, words, anchor="middle", size=12, more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>'
            f"{escape(words)}</text>")


def draw(title, x_title, y_title, labels, series):
    """The whole file, as text."""
    values = [value for one in series for point in one.points for value in point[1:]]
    logarithmic = max(values) > LOGARITHMIC_FROM * min(values)
    marks = powers(min(values), max(values)) if logarithmic else round_steps(max(values))
    scale = math.log10 if logarithmic else float
    bottom, top = scale(marks[0]), scale(marks[-1])

    def y(value):
        part = (scale(value) - bottom) / (top - bottom)
        return HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP)

    def x(index):
        return LEFT + (index + 0.5) * (WIDTH - LEFT - RIGHT) / len(labels)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
           f'font-family="sans-serif" fill="#222"><title>{escape(title)}</title>',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
           text(LEFT, 22, title, "start", 15, ' font-weight="bold"')]
    for mark in marks:
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(mark):.1f}" y2="{y(mark):.1f}" '
                   'stroke="#ddd"/>')
        out.append(text(LEFT - 8, y(mark) + 4, f"{mark:,.10g}", "end"))
    for index, label in enumerate(labels):
        out.append(text(x(index), HEIGHT - BOTTOM + 18, label))
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_title))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    out.append(text(16, middle, y_title + (" (logarithmic)" if logarithmic else ""), "middle", 12,
                    f' transform="rotate(-90 16 {middle:.1f})"'))
    legend = LEFT
    for number, one in enumerate(series):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        line = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        out.append(f'<line x1="{legend}" x2="{legend + 26}" y1="42" y2="42" {line}/>')
        out.append(shape(number, legend + 13, 42, colour))
        out.append(text(legend + 32, 46, one.name, "start"))
        legend += 52 + 7 * len(one.name)
        path = " ".join(f"{x(index):.1f},{y(mid):.1f}" for index, mid, _, _ in one.points)
        out.append(f'<polyline points="{path}" fill="none" {line}/>')
        for index, mid, low, high in one.points:
            out.append(f'<line x1="{x(index):.1f}" x2="{x(index):.1f}" y1="{y(low):.1f}" '
                       f'y2="{y(high):.1f}" stroke="{colour}"/>')
            out.append(shape(number, x(index), y(mid), colour))
    return "\n".join(out + ["</svg>", ""])
