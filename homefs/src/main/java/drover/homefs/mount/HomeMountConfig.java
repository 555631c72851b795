package drover.homefs.mount; public record HomeMountConfig() { public static final HomeMountConfig DEFAULT=new HomeMountConfig(); }
