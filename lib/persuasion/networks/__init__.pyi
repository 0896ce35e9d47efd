from .build import ARCHITECTURES as ARCHITECTURES
from .build import build_network as build_network
from .delu import DeLU as DeLU
from .dnl import DNL as DNL
from .relu import ReLU as ReLU
from .stack import StackedNetwork as StackedNetwork
from .stack import member_seeds as member_seeds
from .variants import ARCHITECTURE_NAMES as ARCHITECTURE_NAMES
