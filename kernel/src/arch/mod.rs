//! Bodies for particular processors: the only unsafe code, each with the portable loop as its oracle.

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
pub(crate) mod arm_float;
#[cfg(kqv_dsp)]
pub(crate) mod arm_integer;
#[cfg(kqv_dsp)]
pub(crate) use arm_integer as arm;
#[cfg(kqv_narrow)]
pub(crate) mod arm_narrow;
#[cfg(kqv_narrow)]
pub(crate) use arm_narrow as arm;
#[cfg(all(kqv_soft, target_arch = "arm"))]
mod arm_soft;
#[cfg(kqv_lanes4)]
pub(crate) mod lanes4;
#[cfg(kqv_riscv)]
pub(crate) mod riscv;
#[cfg(kqv_riscv_float)]
pub(crate) mod riscv_float;
#[cfg(all(kqv_soft, target_arch = "riscv32"))]
mod riscv_soft;
#[cfg(kqv_soft)]
pub(crate) mod soft_products;
pub(crate) mod straight;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
pub(crate) mod x86;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
pub(crate) mod x86_integer;
