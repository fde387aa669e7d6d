"""The floor: a bare Django project with one page of each shape. The portal's cost is given in multiples of it."""
