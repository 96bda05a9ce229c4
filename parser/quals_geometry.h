/* Internal to quals*.c: points, circles and other shapes (src/backend/utils/adt/geo_ops.c), and cubes.
 *
 * What is computed from a shape of numbers near 1e308 overflows, so whoever chooses one shape is told by an error that there was
 * another one to compare it with. An index computes on all that it finds, also distances to sort by, before the rows are
 * compared with the tenant. Shapes that are written down with moderate numbers are none to choose so: `at <@ '((0,0),(9,9))'`,
 * `ORDER BY at <-> point(1, 2)` keep their index. Coordinate 0 of a cube is an error, likewise. */
#ifndef TENANTRY_PARSER_QUALS_GEOMETRY_H
#define TENANTRY_PARSER_QUALS_GEOMETRY_H

#include "parser/analysis.h"

struct quals;

/* May the operator be one of shapes? */
bool quals_is_of_shapes(const A_Expr *expression);
/* .. that fails in an index? Both operands are there. */
bool quals_is_computed_in_index(struct quals *quals, const A_Expr *expression);
/* A distance, or a coordinate of a cube: an index computes it wherever it is sorted by. */
bool quals_is_distance(const A_Expr *expression);

#endif
