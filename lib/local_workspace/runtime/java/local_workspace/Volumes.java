package local_workspace;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/** The local file system, with the catalog's volumes at their paths on Databricks: /Volumes/catalog/schema/volume. */
final class Volumes extends RawLocalFileSystem {
  /** The JVM's property with the folder that holds the volumes, as schema/volume. */
  static final String FOLDER = "local_workspace.volumes";

  private static final String ROOT = "/Volumes/";

  @Override
  public File pathToFile(Path path) {
    String name = path.toUri().getPath();
    if (!name.startsWith(ROOT)) {
      return super.pathToFile(path);
    }
    String[] parts = name.split("/", 6); // "", Volumes, catalog, schema, volume, the rest
    if (parts.length < 5 || !parts[2].equalsIgnoreCase(CatalogNames.catalog())) {
      return super.pathToFile(path);
    }
    File volume = new File(new File(System.getProperty(FOLDER), parts[3]), parts[4]);
    if (!volume.isDirectory()) {
      String missing = String.join(".", parts[2], parts[3], parts[4]);
      throw new UncheckedIOException(new FileNotFoundException("Volume '" + missing + "' does not exist"));
    }
    return parts.length == 5 ? volume : new File(volume, parts[5]);
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    try {
      return named(super.getFileStatus(path), path);
    } catch (UncheckedIOException error) {
      throw error.getCause();
    }
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    try {
      FileStatus[] found = super.listStatus(path);
      if (found.length == 1 && found[0].isFile() && pathToFile(path).isFile()) {
        named(found[0], path);
      }
      return found;
    } catch (UncheckedIOException error) {
      throw error.getCause();
    }
  }

  /** Without the process `chmod`, which Hadoop starts for each new file. */
  @Override
  public void setPermission(Path path, FsPermission permission) throws IOException {
    if (permission.getStickyBit()) {
      super.setPermission(path, permission);
    } else {
      // A permission's text is that of `ls -l`, as Java reads it.
      Files.setPosixFilePermissions(pathToFile(path).toPath(), PosixFilePermissions.fromString(permission.toString()));
    }
  }

  /** Without the process `readlink`, which Hadoop starts twice for each commit of a Delta table. */
  @Override
  public FileStatus getFileLinkStatus(Path path) throws IOException {
    return Files.isSymbolicLink(pathToFile(path).toPath()) ? super.getFileLinkStatus(path) : getFileStatus(path);
  }

  /** The status with the path that was asked for, instead of the one where the file really lies. */
  private FileStatus named(FileStatus status, Path path) {
    if (path.toUri().getPath().startsWith(ROOT)) {
      status.setPath(path.makeQualified(getUri(), getWorkingDirectory()));
    }
    return status;
  }
}
