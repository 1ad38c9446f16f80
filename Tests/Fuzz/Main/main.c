// libFuzzer brings `main`, and the fuzz targets what it calls: but without a file of its own this would be no program.
