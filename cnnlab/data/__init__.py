"""Images in, batches out: known data sets, import and download, splits, batches, augmentation."""
