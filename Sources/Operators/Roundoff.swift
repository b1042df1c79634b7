/// The unit roundoff of single precision, 2^-24: the relative error of one operation, at most.
let roundoff = 0x1p-24
