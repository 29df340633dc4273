package local_workspace;

import org.apache.hadoop.fs.LocalFileSystem;

/** {@link Volumes} for Spark's readers and writers: `fs.file.impl`. */
public final class VolumesFileSystem extends LocalFileSystem {
  public VolumesFileSystem() {
    super(new Volumes());
  }
}
