"""Writes the pictures of this folder, and what Pillow (9.4) makes of them: `python3 make.py`."""
import json
import random

from PIL import Image

random.seed(1)
W, H = 11, 7
rgb = [(random.randrange(256), random.randrange(256), random.randrange(256)) for _ in range(W * H)]
picture = Image.new("RGB", (W, H))
picture.putdata(rgb)
smooth = picture.resize((32, 24), Image.BICUBIC)

forms = {
    "rgb.png": picture,
    "grey.png": picture.convert("L"),
    "bits.png": picture.convert("1"),
    "palette.png": picture.quantize(13),
    "smooth.jpg": smooth,
    "grey.jpg": smooth.convert("L"),
}
want = {}
for name, image in forms.items():
    image.save(name, **({"quality": 95, "subsampling": 0} if name.endswith("jpg") else {}))
    again = Image.open(name)
    small = again.convert("L").resize((5, 4), Image.BILINEAR)
    large = again.convert("RGB").resize((16, 12), Image.BILINEAR)
    want[name] = {
        "size": again.size,
        "grey": list(again.convert("L").getdata()),
        "small": list(small.getdata()),
        "large": [level for band in large.split() for level in band.getdata()],
    }
clear = picture.convert("RGBA")
clear.putalpha(Image.linear_gradient("L").resize((W, H)))
clear.save("clear.png")
paper = Image.new("RGBA", (W, H), "white")
paper.alpha_composite(clear)
want["clear.png"] = {"size": paper.size, "grey": list(paper.convert("L").getdata())}
with open("want.json", "w") as file:
    json.dump(want, file)
    file.write("\n")
