package local_workspace;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFs;
import org.apache.hadoop.fs.DelegateToFileSystem;

/** {@link Volumes} for Delta's log and the checkpoints of streams: `fs.AbstractFileSystem.file.impl`. */
public final class VolumesFs extends ChecksumFs {
  public VolumesFs(URI uri, Configuration settings) throws IOException, URISyntaxException {
    super(new Raw(settings));
  }

  /** As Hadoop's RawLocalFs, whose constructor is not public. */
  private static final class Raw extends DelegateToFileSystem {
    Raw(Configuration settings) throws IOException, URISyntaxException {
      super(URI.create("file:///"), new Volumes(), settings, "file", false);
    }

    @Override
    public int getUriDefaultPort() {
      return -1;
    }

    @Override
    public boolean isValidName(String name) {
      return true; // which names are valid, the local file system decides
    }
  }
}
